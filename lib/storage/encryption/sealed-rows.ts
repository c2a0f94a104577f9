import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { sealedWith } from './envelope.ts';

/** What of one storage type lies in an embedded store's file, by the key that sealed it; `''`: not sealed. */
export interface SealedRows {
  /** Of the present objects. */
  objects: Map<string, number>;
  /** Of all that the file holds: objects, and what the log still needs. */
  rows: Map<string, number>;
}

/** The newest row of a key is its present state; see sqlite-journal.ts. */
const OBJECTS = `SELECT substr(value, 1, 96) AS head, type, max(id) FROM changes WHERE key >= ? AND key < ? GROUP BY key`;
const ROWS = `SELECT substr(value, 1, 96) AS head FROM changes WHERE key >= ? AND key < ?`;

/** Reads the file beside the process that has it open. */
export function sealedRows(path: string, storageType: string): SealedRows {
  const counts: SealedRows = { objects: new Map(), rows: new Map() };
  if (!existsSync(path)) return counts;
  const database = new DatabaseSync(path, { readOnly: true });
  // `0` follows `/`.
  const rows = (query: string) => database.prepare(query).all(`${storageType}/`, `${storageType}0`) as unknown as Row[];
  try {
    for (const { head, type } of rows(OBJECTS)) if (type !== 'deleted') add(counts.objects, head);
    for (const { head } of rows(ROWS)) add(counts.rows, head);
  } finally {
    database.close();
  }
  return counts;
}

interface Row {
  head: Uint8Array;
  type: string;
}

function add(counts: Map<string, number>, head: Uint8Array): void {
  const key = sealedWith(head) ?? '';
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
