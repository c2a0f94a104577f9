import { type History, textOf, type WriteRecord } from './history.ts';
import type { Committed } from './tables.ts';

export interface TrueChange {
  type: 'created' | 'updated' | 'deleted';
  key: string;
  revision: number;
  text: string;
  previous: string | undefined;
}

/** What a key was from one step to another. */
export interface Version {
  revision: number;
  /** Undefined: not there. */
  text: string | undefined;
  from: number;
  to: number;
}

/** What the tables say happened, in the order of revisions. */
export interface Truth {
  changes: readonly TrueChange[];
  /** Write → the revisions at which it happened. */
  effects: ReadonlyMap<WriteRecord, number[]>;
  versions(key: string): readonly Version[];
  /** The items of a prefix at a revision, in the order of keys. */
  state(prefix: string, revision: number): { key: string; revision: number; text: string }[];
}

const TYPES = { create: 'created', update: 'updated', delete: 'deleted' } as const;
const NEVER: Version = { revision: 0, text: undefined, from: -1, to: Number.POSITIVE_INFINITY };

/** Puts together what clients meant and what happened; what does not fit is a violation. */
export function truthOf(history: History, committed: readonly Committed[], sizes: ReadonlyMap<string, number>): Truth {
  const { violations } = history;
  const changes: TrueChange[] = [];
  const effects = new Map<WriteRecord, number[]>();
  const versions = new Map<string, Version[]>();
  const last = (key: string) => versions.get(key)?.at(-1) ?? NEVER;

  for (const { revision, keys, step } of [...committed].sort((a, b) => a.revision - b.revision)) {
    const record = history.attempts.get(revision);
    if (!record) {
      violations.push(`revision ${revision} holds a commit that nobody made`);
      continue;
    }
    effects.set(record, [...(effects.get(record) ?? []), revision]);
    const writes = record.intents.filter(({ op }) => op !== 'check');
    if (writes.length !== keys.length || !writes.every(({ key }) => keys.includes(key))) {
      violations.push(`${record.id} at ${revision} wrote ${keys}, not ${writes.map(({ key }) => key)}`);
    }
    for (const { op, key, expected } of record.intents) {
      const before = last(key);
      const present = before.text === undefined ? 0 : before.revision;
      if (present !== expected) {
        violations.push(`${record.id} at ${revision} expected ${key} at ${expected}, it was at ${present}`);
      }
      if (op === 'check' || !keys.includes(key)) continue;
      if (step < before.from) {
        violations.push(`${key}: revision ${revision} was written before ${before.revision}`);
      }
      const text = textOf(record.id, key, revision, op, sizes.get(record.id) ?? 0);
      changes.push({ type: TYPES[op], key, revision, text, previous: op === 'create' ? undefined : before.text });
      const of = versions.get(key) ?? [{ ...NEVER }];
      of.at(-1)!.to = step;
      of.push({ revision, text: op === 'delete' ? undefined : text, from: step, to: Number.POSITIVE_INFINITY });
      versions.set(key, of);
    }
  }

  return {
    changes,
    effects,
    versions: (key) => versions.get(key) ?? [NEVER],
    state: (prefix, revision) =>
      [...versions.keys()]
        .filter((key) => key.startsWith(prefix))
        .sort()
        .flatMap((key) => {
          const version = versions.get(key)!.findLast((one) => one.revision <= revision)!;
          return version.text === undefined ? [] : [{ key, revision: version.revision, text: version.text }];
        }),
  };
}
