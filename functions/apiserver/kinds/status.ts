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

export function keepStatus(object: any, old: any): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}
