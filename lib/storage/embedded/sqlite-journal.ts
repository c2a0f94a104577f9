import { closeSync, fdatasync, fsyncSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { type Change, StoreError } from '../contract.ts';
import type { LogEntry } from '../memory/change-log.ts';
import type { Garbage, Journal } from './journal.ts';
import type { Contents } from './store.ts';

/** Raised when the tables change; a newer database is refused, not guessed at. */
const FORMAT = 1;

/** How long a commit waits for another process that holds the database, e.g. a backup. */
const BUSY_MS = 5_000;

/**
 * One row for each change, written once: the newest row of a key is its present state, older ones are what the log still needs.
 * The view `objects` shows the present to whoever opens the file with ordinary tools.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS changes (
    id INTEGER PRIMARY KEY, revision INTEGER NOT NULL, type TEXT NOT NULL, key TEXT NOT NULL,
    value BLOB NOT NULL, at INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS compacted (type TEXT PRIMARY KEY, revision INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS newest (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, id INTEGER NOT NULL) STRICT;
  CREATE VIEW IF NOT EXISTS objects AS SELECT key, revision, object FROM (
    SELECT key, revision, CAST(value AS TEXT) AS object, type, max(id) FROM changes GROUP BY key) WHERE type != 'deleted';
`;

/**
 * With synchronous=NORMAL a commit is in the write-ahead log but not yet on the disk, and checkpoints are safe: the waiting is ours, in `sync`,
 * so that the event loop goes on meanwhile. The page cache is small: reads are served from memory. https://www.sqlite.org/pragma.html#pragma_synchronous
 */
const PRAGMAS = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -1024; PRAGMA journal_size_limit = 8388608;
`;

/** @param maxBytes the largest the database may grow, as etcd's --quota-backend-bytes */
export function openSqliteJournal(path: string, maxBytes?: number): { journal: Journal; contents: Contents } {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(path, { timeout: BUSY_MS });
  database.exec(PRAGMAS);
  if (maxBytes !== undefined) database.exec(`PRAGMA max_page_count = ${Math.ceil(maxBytes / 4096)}`);
  prepareFormat(database, path);
  const contents = read(database);
  return { journal: new SqliteJournal(database, openLog(path)), contents };
}

/** The write-ahead log's file is there once the database has been read, and stays the same until the last connection closes. */
function openLog(path: string): number {
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
  return openSync(`${path}-wal`, 'r+');
}

function prepareFormat(database: DatabaseSync, path: string): void {
  const format = Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
  if (format > FORMAT) throw new Error(`${path} was written by a newer version (format ${format}, known is ${FORMAT})`);
  if (format < FORMAT) database.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${FORMAT}; COMMIT`);
}

function read(database: DatabaseSync): Contents {
  const compacted = database.prepare('SELECT type, revision FROM compacted').all() as unknown as Compacted[];
  const newest = database
    .prepare(
      `SELECT max(coalesce((SELECT revision FROM newest), 0), coalesce((SELECT max(revision) FROM changes), 0)) AS revision,
              max(coalesce((SELECT id FROM newest), 0), coalesce((SELECT max(id) FROM changes), 0)) AS id`,
    )
    .get() as { revision: number; id: number };
  return {
    revision: newest.revision,
    row: newest.id,
    compacted: new Map(compacted.map(({ type, revision }) => [type, revision])),
    entries: readEntries(database),
  };
}

interface Compacted {
  type: string;
  revision: number;
}

function* readEntries(database: DatabaseSync): Iterable<LogEntry> {
  const rows = database.prepare('SELECT id, revision, type, key, value, at FROM changes ORDER BY id').iterate();
  for (const row of rows as Iterable<any>) {
    const { id, revision, key, value, at } = row;
    yield { type: row.type as Change['type'], key, revision, value, before: undefined, at, row: id };
  }
}

class SqliteJournal implements Journal {
  readonly #database: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insert: StatementSync;
  readonly #log: number;
  #failed: StoreError | undefined;

  constructor(database: DatabaseSync, log: number) {
    this.#database = database;
    this.#log = log;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#insert = database.prepare(
      'INSERT INTO changes (id, revision, type, key, value, at) VALUES (?, ?, ?, ?, ?, ?)',
    );
  }

  async append(entries: readonly LogEntry[]): Promise<void> {
    if (this.#failed) throw this.#failed;
    this.#transaction(() => {
      for (const { row, revision, type, key, value, at } of entries)
        this.#insert.run(row, revision, type, key, value, at);
    });
    await this.#sync();
  }

  /** After a failure nothing more is taken: what the kernel could not write it may have forgotten, and later commits would stand on it. */
  #sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#log, (cause) => {
        if (!cause) return resolve();
        this.#failed = new StoreError('Throttled', `the disk failed: ${cause.message}; start anew when it is mended`, {
          cause,
        });
        reject(new StoreError('Unknown', `the disk failed: ${cause.message}`, { cause }));
      });
    });
  }

  forget({ revision, row, compacted, rows }: Garbage): void {
    this.#transaction(() => {
      const mark = this.#database.prepare('INSERT OR REPLACE INTO compacted (type, revision) VALUES (?, ?)');
      for (const [type, upTo] of compacted) mark.run(type, upTo);
      this.#database.prepare('INSERT OR REPLACE INTO newest VALUES (1, ?, ?)').run(revision, row);
      const remove = this.#database.prepare('DELETE FROM changes WHERE id = ?');
      for (const id of rows) remove.run(id);
    });
  }

  close(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#database.close();
    closeSync(this.#log);
  }

  #transaction(work: () => void): void {
    let committing = false;
    try {
      this.#begin.run();
      work();
      committing = true;
      this.#commit.run();
    } catch (cause) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw storeError(cause, committing);
    }
  }
}

const SQLITE_FULL = 13;

/** SQLite's result codes, https://www.sqlite.org/rescode.html: those after which certainly nothing was written. */
const NOTHING_HAPPENED = new Map([
  [5, 'the database is locked by another process'],
  [8, 'the database is read-only'],
  [SQLITE_FULL, 'the disk or the database is full'],
  [19, 'another process has written to the database'],
]);

/** A failure while committing may leave the transaction on the disk: then its outcome is unknown. */
function storeError(cause: unknown, committing: boolean): StoreError {
  const code = Number((cause as { errcode?: number }).errcode) & 0xff;
  const known = NOTHING_HAPPENED.get(code);
  if (known) return new StoreError(code === SQLITE_FULL ? 'Full' : 'Throttled', known, { cause });
  return new StoreError(committing ? 'Unknown' : 'Throttled', `the database failed: ${String(cause)}`, { cause });
}
