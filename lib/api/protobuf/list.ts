import type { KubeObject } from '../object.ts';
import type { GroupVersionKind } from '../resources.ts';
import { requireDefinition, sealEnvelope } from './envelope.ts';
import { messageCodec, messageNameOf } from './message.ts';
import { Writer } from './writer.ts';

/** Every list type has its metadata in field 1 and its items in field 2. */
const METADATA = 1;
const ITEMS = 2;
const LIST_META = 'k8s.io.apimachinery.pkg.apis.meta.v1.ListMeta';

/** An object as an item of a list: its message alone. Throws StatusError 400 for a kind without a protobuf form. */
export function encodeListItem(object: KubeObject, gvk: GroupVersionKind): Uint8Array {
  const definition = requireDefinition(gvk);
  const writer = new Writer();
  messageCodec(messageNameOf(definition)).write(writer, object);
  return Uint8Array.from(writer.bytes());
}

/** A list in its envelope, of items that were encoded before. */
export function joinEncodedList(gvk: GroupVersionKind, metadata: object, items: readonly Uint8Array[]): Uint8Array {
  const size = items.reduce((sum, item) => sum + item.byteLength + MAX_ITEM_HEADER, ENVELOPE_BYTES);
  const writer = new Writer(size);
  return sealEnvelope(writer, gvk, () => {
    for (let i = items.length - 1; i >= 0; i--) {
      const before = writer.length;
      writer.raw(items[i]!);
      writer.delimited(ITEMS, before);
    }
    const before = writer.length;
    messageCodec(LIST_META).write(writer, metadata);
    writer.delimited(METADATA, before);
  });
}

/** Tag and length of an item. */
const MAX_ITEM_HEADER = 6;
/** More than the envelope and the list's metadata take. */
const ENVELOPE_BYTES = 1024;
