import type { KubeObject } from '../../../lib/api/object.ts';
import { encodeListItem, encodeProtobuf, joinEncodedList } from '../../../lib/api/protobuf.ts';
import type { ListAnswer } from '../registry/call.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { decodeStored } from '../registry/stored.ts';
import { Derived } from './derived.ts';
import { listMeta } from './list-meta.ts';

/** The `k8s\0` envelope of any object. */
export function protobufOf(object: object): Uint8Array {
  return encodeProtobuf(object as KubeObject);
}

const MAX_KEPT_BYTES = 16 << 20;

/** The message of each stored value. */
const messages = new Derived<Uint8Array>(MAX_KEPT_BYTES);

export function joinProtobufList(type: ResourceType, list: ListAnswer): Uint8Array {
  const items = list.values.map((value) => messageOf(type, value));
  return joinEncodedList({ ...type, kind: type.listKind }, listMeta(list), items);
}

function messageOf(type: ResourceType, value: Uint8Array): Uint8Array {
  const known = messages.get(value);
  if (known) return known;
  const message = encodeListItem(decodeStored(value), type);
  messages.set(value, message, message.byteLength);
  return message;
}
