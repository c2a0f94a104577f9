import type { KindRules } from '../contract.ts';

type Prepare = Pick<KindRules, 'prepareForCreate' | 'prepareForUpdate'>;

/**
 * What most kinds with a status subresource do: a client's status is dropped on create and keeps its old value on update.
 * `initial` is what the status starts as: the fields that its Go type always writes.
 */
export function statusKept(initial: () => object = () => ({})): Prepare {
  return {
    prepareForCreate(object) {
      object.status = initial();
    },
    prepareForUpdate: keepStatus,
  };
}

/**
 * The strictest status door: of metadata only the ownership of fields is taken.
 * Source: ResetObjectMetaForStatus in k8s.io/apimachinery/pkg/apis/meta/v1.
 */
export function onlyStatus(object: any, old: any): void {
  const { status, metadata } = object;
  const { resourceVersion, managedFields } = metadata;
  Object.assign(object, old, { metadata: { ...old.metadata, resourceVersion, managedFields } });
  if (status === undefined) delete object.status;
  else object.status = status;
}

export function keepStatus(object: any, old: any): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}
