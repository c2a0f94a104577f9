/** The tables as data, for whoever makes them: the stack and the tests. Decision: docs/decisions/2026-11-25-one-log.md. */
export interface TableDefinition {
  /** After the prefix of the cluster. */
  readonly name: 'objects' | 'log' | 'counters' | 'parts';
  readonly partitionKey: KeyDefinition;
  readonly sortKey?: KeyDefinition;
  /** Seconds since the epoch after which DynamoDB may collect the item. */
  readonly timeToLive: string;
  readonly stream?: 'KEYS_ONLY';
}

export interface KeyDefinition {
  readonly name: string;
  readonly type: 'S' | 'N';
}

const timeToLive = 'expires';

/** All are billed on demand: idle they cost their storage. */
export const TABLES: readonly TableDefinition[] = [
  /** pk = storage type, sk = the rest of the key. */
  {
    name: 'objects',
    partitionKey: { name: 'pk', type: 'S' },
    sortKey: { name: 'sk', type: 'S' },
    timeToLive,
    stream: 'KEYS_ONLY',
  },
  /** pk = ⌊revision / 64⌋, sk = revision. */
  {
    name: 'log',
    partitionKey: { name: 'pk', type: 'N' },
    sortKey: { name: 'sk', type: 'N' },
    timeToLive,
    stream: 'KEYS_ONLY',
  },
  /** pk = name. */
  { name: 'counters', partitionKey: { name: 'pk', type: 'S' }, timeToLive },
  /** The parts of large values: pk = id of the value, sk = number of the part. No stream: nobody is woken by them. */
  { name: 'parts', partitionKey: { name: 'pk', type: 'S' }, sortKey: { name: 'sk', type: 'N' }, timeToLive },
];

/** `zeroplane-dev-objects` */
export function tableName(prefix: string, table: TableDefinition['name']): string {
  return `${prefix}-${table}`;
}
