import type { ListAnswer } from '../registry/call.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { listMeta } from './list-meta.ts';

const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;
/** Custom resources are shown whole in lists too. */
const WHOLE = { skip: 0, brace: 0 };

/**
 * A list is its items' stored bytes between two constants, in one buffer. An item is shown without its kind and
 * apiVersion, which is how its bytes begin: `{"kind":"Pod","apiVersion":"v1","metadata"…` becomes `{"metadata"…`.
 */
export function joinJsonList(type: ResourceType, list: ListAnswer): Uint8Array {
  const metadata = JSON.stringify(listMeta(list));
  const open = Buffer.from(
    `{"kind":"${type.listKind}","apiVersion":"${type.apiVersion}","metadata":${metadata},"items":[`,
  );
  const close = Buffer.from(']}');
  const { skip, brace } = type.custom ? WHOLE : { skip: type.head.byteLength, brace: 1 };
  const { values } = list;
  let size = open.byteLength + close.byteLength + Math.max(0, values.length - 1);
  for (const value of values) size += brace + value.byteLength - skip;
  const out = Buffer.allocUnsafe(size);
  out.set(open);
  let at = open.byteLength;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (i > 0) out[at++] = COMMA;
    if (brace) out[at++] = OPEN_BRACE;
    out.set(value.subarray(skip), at);
    at += value.byteLength - skip;
  }
  out.set(close, at);
  return out;
}
