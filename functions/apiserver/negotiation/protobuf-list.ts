import type { KubeObject } from '../../../lib/api/object.ts';
import { encodeProtobuf } from '../../../lib/api/protobuf.ts';
import type { ListAnswer } from '../registry/call.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { decodeStored } from '../registry/stored.ts';
import { listMeta } from './respond.ts';

/** The `k8s\0` envelope of any object. */
export function protobufOf(object: object): Uint8Array {
  return encodeProtobuf(object as KubeObject);
}

export function joinProtobufList(type: ResourceType, list: ListAnswer): Uint8Array {
  return protobufOf({
    kind: `${type.kind}List`,
    apiVersion: type.apiVersion,
    metadata: listMeta(list),
    items: list.values.map(decodeStored),
  });
}
