import type { GetRecord, History, ListRecord, Refusal, Seen, SeenChange, WatchRecord, WriteRecord } from './history.ts';
import type { TrueChange, Truth } from './truth.ts';

/** Compares what clients saw with what happened. Returns what no store that keeps its promises (lib/storage/contract.ts) can have answered. */
export function check(history: History, truth: Truth): string[] {
  const violations = [...history.violations];
  for (const record of history.records) {
    const note = (what: string) => violations.push(`${nameOf(record)}: ${what}`);
    if (record.kind === 'write') checkWrite(record, truth, note);
    else if (record.kind === 'get') checkGet(record, truth, note);
    else if (record.kind === 'list') checkList(record, truth, note);
    else checkWatch(record, truth, note);
  }
  return violations;
}

type Note = (what: string) => void;
type Record_ = WriteRecord | GetRecord | ListRecord | WatchRecord;

function nameOf(record: Record_): string {
  const what = record.kind === 'write' ? record.id : record.kind === 'get' ? record.key : record.prefix;
  return `${record.kind} ${what} on ${record.instance}, steps ${record.invoked}…${record.returned ?? ''}`;
}

/** Acknowledged: in the log once. Refused or throttled: never. Unknown or unanswered: at most once. */
function checkWrite(record: WriteRecord, truth: Truth, note: Note): void {
  const at = truth.effects.get(record) ?? [];
  if (at.length > 1) note(`happened ${at.length} times, at ${at}`);
  if (record.result) checkAcknowledged(record, record.result, at, truth, note);
  if (record.refusal) checkRefused(record, record.refusal, at, truth, note);
}

function checkAcknowledged(
  record: WriteRecord,
  { revision, items }: NonNullable<WriteRecord['result']>,
  at: readonly number[],
  truth: Truth,
  note: Note,
): void {
  const writes = record.intents.filter(({ op }) => op !== 'check');
  if (writes.length === 0) return;
  if (at[0] !== revision) note(`was acknowledged at ${revision}, happened at ${at.length ? at : 'no revision'}`);
  if (revision <= record.floor) note(`got revision ${revision} after ${record.floor} had been seen`);
  const made = truth.changes.filter((change) => change.revision === revision);
  const wrong = items.length !== writes.length || items.some((item, i) => !made[i] || !isSame(item, made[i]));
  if (wrong) note(`was answered ${show(items)}, wrote ${show(made)}`);
}

const CERTAINLY_NOTHING = new Set(['Exists', 'NotFound', 'Conflict', 'Throttled', 'TooLarge']);
const STATED = new Set(['Exists', 'NotFound', 'Conflict']);
const WRITE_REASONS = new Set([...CERTAINLY_NOTHING, 'Unknown']);

function checkRefused(record: WriteRecord, refusal: Refusal, at: readonly number[], truth: Truth, note: Note): void {
  const { reason, key } = refusal;
  if (!WRITE_REASONS.has(reason)) note(`was refused as ${reason}`);
  if (CERTAINLY_NOTHING.has(reason) && at.length > 0) note(`was refused as ${reason}, and happened at ${at}`);
  if (!STATED.has(reason)) return;
  const intents = record.intents.filter((intent) => key === undefined || intent.key === key);
  const justified = intents.some((intent) => isJustified(record, refusal, intent, truth));
  if (!justified) note(`was refused as ${reason} (${key}, ${refusal.current?.revision}) without a cause`);
}

/** The key was at some time between question and answer as the refusal says. */
function isJustified(
  record: WriteRecord,
  { reason, current }: Refusal,
  { key, op, expected }: WriteRecord['intents'][number],
  truth: Truth,
): boolean {
  return during(record, key, truth).some(({ revision, text }) => {
    if (current && (text === undefined || current.revision !== revision || current.text !== text)) return false;
    if (reason === 'Exists') return op === 'create' && text !== undefined;
    if (reason === 'NotFound') return op !== 'create' && expected > 0 && text === undefined;
    return op !== 'create' && text !== undefined && revision !== expected;
  });
}

/** What the key was, one after the other, between question and answer. */
function during({ invoked, returned = Number.POSITIVE_INFINITY }: Record_, key: string, truth: Truth) {
  return truth.versions(key).filter(({ from, to }) => from <= returned && to >= invoked);
}

function checkGet(record: GetRecord, truth: Truth, note: Note): void {
  if (record.refusal) checkReadRefusal(record.refusal, false, note);
  if (record.returned === undefined || record.refusal) return;
  const { item } = record;
  const fits = during(record, record.key, truth).some(({ revision, text }) =>
    item ? item.key === record.key && item.revision === revision && item.text === text : text === undefined,
  );
  if (!fits) note(`was answered ${item ? show([item]) : 'nothing'}, which it was not meanwhile`);
}

function checkReadRefusal({ reason }: Refusal, mayExpire: boolean, note: Note): void {
  if (reason === 'Throttled' || (mayExpire && reason === 'Expired')) return;
  note(`was refused as ${reason}`);
}

/** Exactly the state at its revision, which is no older than what anybody had seen before. */
function checkList(record: ListRecord, truth: Truth, note: Note): void {
  const { prefix, at, after, limit, result, floor, ceiling = 0 } = record;
  if (record.refusal) checkReadRefusal(record.refusal, at !== undefined, note);
  if (!result) return;
  const { revision, items, remaining, continues } = result;
  if (at ? revision !== at : revision < floor) note(`is at ${revision}, should be at ${at || `${floor} or later`}`);
  if (revision > ceiling) note(`is at ${revision}, when ${ceiling} was the newest`);
  const all = truth.state(prefix, revision).filter(({ key }) => after === undefined || key > after);
  const page = limit ? all.slice(0, limit) : all;
  if (items.length !== page.length || items.some((item, i) => !isSame(item, page[i]!))) {
    note(`at ${revision} holds ${show(items)}, should hold ${show(page)}`);
  }
  if (continues !== page.length < all.length) note(`at ${revision} ${continues ? 'goes on' : 'ends'} too early`);
  if (continues && remaining !== all.length - page.length) note(`says that ${remaining} remain`);
}

/** Every change after `from` once, in order, up to the revision that the last batch names. */
function checkWatch({ prefix, from, batches, refusal }: WatchRecord, truth: Truth, note: Note): void {
  if (refusal) checkReadRefusal(refusal, true, note);
  const heard = batches.flatMap(({ changes }) => changes);
  const upTo = batches.at(-1)?.revision ?? from;
  const happened = truth.changes.filter(
    (change) => change.key.startsWith(prefix) && change.revision > from && change.revision <= upTo,
  );
  const i = firstDifference(heard, happened);
  if (i !== undefined) note(`heard ${show(heard.slice(i, i + 2))}, should hear ${show(happened.slice(i, i + 2))}`);
  let before = from;
  for (const { revision, changes, step } of batches) {
    if (revision < before) note(`went back from ${before} to ${revision}`);
    for (const change of changes) {
      if (change.revision <= before || change.revision > revision) {
        note(`heard ${change.revision} in a batch from ${before} to ${revision}`);
      }
      const version = truth.versions(change.key).find((one) => one.revision === change.revision);
      if (version && version.from > step) note(`heard ${change.revision} before it was durable`);
    }
    before = revision;
  }
}

/** The writes of one commit may come in any order. */
function firstDifference(heard: readonly SeenChange[], happened: readonly TrueChange[]): number | undefined {
  const sorted = [...heard].sort((a, b) => a.revision - b.revision || (a.key < b.key ? -1 : 1));
  const inOrder = heard.every((change, i) => i === 0 || change.revision >= heard[i - 1]!.revision);
  const expected = [...happened].sort((a, b) => a.revision - b.revision || (a.key < b.key ? -1 : 1));
  const length = Math.max(sorted.length, expected.length);
  for (let i = 0; i < length; i++) {
    const [one, other] = [sorted[i], expected[i]];
    if (!one || !other || !isSame(one, other) || one.type !== other.type || one.previous !== other.previous) return i;
  }
  return inOrder ? undefined : 0;
}

function isSame(one: Seen, other: Seen): boolean {
  return one.key === other.key && one.revision === other.revision && one.text === other.text;
}

function show(items: readonly (Seen & { type?: string })[]): string {
  return `[${items.map(({ key, revision, type }) => `${type ? `${type} ` : ''}${key}@${revision}`).join(', ')}]`;
}
