import { SECONDS_PER_MONTH } from '../../lib/cost/prices.ts';
import { LEASE_SECONDS, NODE_STATUS_SECONDS } from '../../lib/cost/usage.ts';
import { dollarsPerMillion, type Row } from './measure.ts';
import type { Rollout } from './rollout.ts';

export interface Results {
  calls: readonly Row[];
  beats: readonly Row[];
  rolled: Rollout;
  date: Date;
}

const OPERATIONS = ['GetItem', 'Query', 'UpdateItem', 'PutItem', 'TransactWriteItems'];
const MILLION = 1e6;
const HEADER = [
  '| operation | requests | read units | write units | dollars a million | once a second, dollars a month |',
  '| --- | --- | --- | --- | --- | --- |',
];

export function page({ calls, beats, rolled, date }: Results): string {
  const { invocations, seconds } = rolled;
  return [
    '# What operations ask of DynamoDB',
    '',
    `Made by \`npm run bench:aws\` on ${date.toISOString().slice(0, 10)}: the apiserver as it is composed on AWS, over DynamoDB Local, with authentication by a ServiceAccount token,`,
    'RBAC and admission. Units are those that DynamoDB Local reports; transactions, which it counts twice as dear as AWS, are halved.',
    'Dollars are DynamoDB’s alone (`lib/cost/prices.ts`); API Gateway and Lambda add 3.7 dollars a million requests and their time (`zeroplane cost`).',
    '',
    ...table(calls),
    '',
    'Warm: a function that has served before and holds the types in memory; the counter tells it that its cache is the present. Cold: the first request of a new one, which loads the types',
    'it needs; DynamoDB charges it by the bytes it reads. A watch is held open by a function; those of agents and of `zeroplane tunnel` are fetches instead: each is a `GET, warm` while nothing moves.',
    '',
    '## Nodes and functions',
    '',
    ...table([...beats, ...rolled.rows]),
    '',
    `A node renews its Lease every ${LEASE_SECONDS} s and writes its status every ${NODE_STATUS_SECONDS} s: ${nodeMonth(beats).toFixed(2)} dollars a month.`,
    `The rollout took ${invocations} invocations of controllers and scheduler (both after each step, as the stream wakes both), on this machine ${ms(seconds.controllers)} and ${ms(seconds.scheduler)} ms each.`,
    'It holds all: the user’s request, the objects, bindings, Events and status writes of controllers and scheduler, and two status writes of the node for each pod.',
    '',
  ].join('\n');
}

const ms = (seconds: number) => Math.round(seconds * 1000);

function table(rows: readonly Row[]): string[] {
  return [...HEADER, ...rows.map(line)];
}

function line(row: Row): string {
  const requests = OPERATIONS.filter((name) => row.requests[name]).map(
    (name) => `${round(row.requests[name]!)} ${name}`,
  );
  const million = dollarsPerMillion(row);
  const month = (million / MILLION) * SECONDS_PER_MONTH;
  const figures = [round(row.readUnits), round(row.writeUnits), million.toFixed(2), month.toFixed(2)];
  return `| ${[row.what, requests.join(', ') || 'none', ...figures].join(' | ')} |`;
}

const round = (value: number) => String(Math.round(value * 10) / 10);

function nodeMonth([lease, status]: readonly Row[]): number {
  const of = (row: Row | undefined, everySeconds: number) =>
    ((row ? dollarsPerMillion(row) : 0) / MILLION) * (SECONDS_PER_MONTH / everySeconds);
  return of(lease, LEASE_SECONDS) + of(status, NODE_STATUS_SECONDS);
}
