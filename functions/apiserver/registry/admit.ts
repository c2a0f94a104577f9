import type { KubeObject } from '../../../lib/api/object.ts';
import type { AdmissionAttributes } from '../contract.ts';
import type { Call } from './call.ts';

export type Admission = Pick<AdmissionAttributes, 'operation' | 'object' | 'oldObject' | 'dryRun'> & {
  options?: KubeObject;
};

export function attributes(call: Call, admission: Admission): AdmissionAttributes {
  const warn = (message: string) => void call.warnings.push(message);
  return { info: call.info, resource: call.type, user: call.user, warn, ...admission };
}

/** Every plugin may change the object before any may judge it. */
export async function mutate(call: Call, given: AdmissionAttributes): Promise<void> {
  for (const plugin of call.server.admission) {
    const result = plugin.mutate?.(given);
    if (result) await result;
  }
}

export async function validate(call: Call, given: AdmissionAttributes): Promise<void> {
  for (const plugin of call.server.admission) {
    const result = plugin.validate?.(given);
    if (result) await result;
  }
}
