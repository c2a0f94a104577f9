import { type Printer, printerOf, printsEachAlone } from '../printers/index.ts';
import type { AgingCell } from '../printers/row.ts';
import type { Call, ListAnswer } from '../registry/call.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { decodeFor } from '../registry/stored.ts';
import { Derived } from './derived.ts';
import { listMeta } from './list-meta.ts';
import { type IncludeObject, includeObject, printed, rowObject } from './table.ts';

/** A row's JSON, its ages left open. */
type RowText = readonly (string | AgingCell)[];

interface KeptRow {
  form: TableForm;
  text: RowText;
}

/** What a Table depends on besides its objects. */
export interface TableForm {
  type: ResourceType;
  include: IncludeObject;
  version: string;
  /** In milliseconds; whole seconds, as ages are shown. */
  now: number;
  /** The form as text. */
  key: string;
}

const MAX_KEPT_BYTES = 16 << 20;
/** Of a few strings and a closure, about. */
const ROW_BYTES = 256;

const kept = new Derived<KeptRow>(MAX_KEPT_BYTES);

/** Whether the rows of this call's list can be kept from one list to the next. */
export function isTableOfKeptRows(call: Call): boolean {
  const { transform, format, pretty } = call.output;
  return transform?.kind === 'Table' && format === 'json' && !pretty && printsEachAlone(call.type);
}

export function tableForm({ type, server, query, output }: Call): TableForm {
  const include = includeObject(query);
  const version = output.transform?.version ?? 'v1';
  const now = Math.floor(server.clock.now() / 1000) * 1000;
  return { type, include, version, now, key: `table ${version} ${include} ${now}` };
}

/** A Table of stored values; only what was not shown before is decoded. */
export function joinTableList(form: TableForm, list: ListAnswer): Uint8Array {
  const printer = printerOf(printed(form.type));
  const rows = list.values.map((value) => textAt(rowText(form, printer, value), form.now));
  const head = JSON.stringify({
    kind: 'Table',
    apiVersion: `meta.k8s.io/${form.version}`,
    metadata: listMeta(list),
    columnDefinitions: printer.columnDefinitions,
  });
  return Buffer.from(`${head.slice(0, -1)},"rows":[${rows.join(',')}]}`);
}

function textAt(row: RowText, now: number): string {
  let text = '';
  for (const part of row) text += typeof part === 'string' ? part : JSON.stringify(part(now));
  return text;
}

function rowText(form: TableForm, printer: Printer, value: Uint8Array): RowText {
  const known = kept.get(value);
  if (known && sameForm(known.form, form)) return known.text;
  const text = makeRow(form, printer, value);
  const bytes = text.reduce((sum, part) => sum + part.length, ROW_BYTES);
  kept.set(value, { form, text }, bytes);
  return text;
}

function sameForm(a: TableForm, b: TableForm): boolean {
  return a.type === b.type && a.include === b.include && a.version === b.version;
}

function makeRow({ type, include, version }: TableForm, { row, condition }: Printer, value: Uint8Array): RowText {
  const object = decodeFor(type, value);
  const conditions = condition(object);
  const text = joinCells(row(object));
  text[0] = `{"cells":[${text[0]}`;
  const shown = JSON.stringify(rowObject(object, include, version));
  text.push(`]${conditions ? `,"conditions":${JSON.stringify(conditions)}` : ''},"object":${shown}}`);
  return text;
}

/** JSON of the cells, begun with text. */
function joinCells(cells: readonly unknown[]): (string | AgingCell)[] {
  const parts: (string | AgingCell)[] = [''];
  for (const [i, cell] of cells.entries()) {
    const comma = i > 0 ? ',' : '';
    if (typeof cell === 'function') parts.push(comma, cell as AgingCell);
    else parts.push(`${comma}${JSON.stringify(cell) ?? 'null'}`);
  }
  return mergeTexts(parts);
}

function mergeTexts(parts: (string | AgingCell)[]): (string | AgingCell)[] {
  const merged: (string | AgingCell)[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else merged.push(part);
  }
  return merged;
}
