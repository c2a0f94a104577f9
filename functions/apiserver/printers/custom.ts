import { humanDuration } from '../../../lib/api/duration.ts';
import { type PathReader, parsePath } from '../../../lib/api/jsonpath.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { ColumnDefinition } from './index.ts';
import { type AgingCell, name, type Row } from './row.ts';

/** A CustomResourceDefinition's additionalPrinterColumns. */
export interface PrinterColumn {
  name: string;
  type: string;
  jsonPath: string;
  format?: string;
  description?: string;
  priority?: number;
}

/** Source: k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor. */
export function customColumns(printed: readonly PrinterColumn[]): ColumnDefinition[] {
  const first = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 };
  return [first, ...printed.map(toDefinition)];
}

function toDefinition({
  name,
  type,
  jsonPath,
  format = '',
  description,
  priority = 0,
}: PrinterColumn): ColumnDefinition {
  const text = description || `Custom resource definition column (in JSONPath format): ${jsonPath}`;
  return { name, type, format, description: text, priority };
}

export function customRow(printed: readonly PrinterColumn[]): Row {
  const readers = printed.map(({ type, jsonPath }) => ({ type, read: parsePath(jsonPath) }));
  return (object) => [name(object), ...readers.map(({ type, read }) => cell(type, read, object))];
}

function cell(type: string, read: PathReader, object: any): unknown {
  const value = read(object)[0];
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dateCell(value) : null;
    case 'string':
      return typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return null;
}

function dateCell(text: string): string | AgingCell {
  const then = timeMs(text);
  return Number.isNaN(then) ? '<invalid>' : (now) => humanDuration(now - then);
}
