import { notSupported, tooLong } from '../../../lib/api/causes.ts';
import { type Cause, invalid } from '../../../lib/api/status.ts';
import type { Call } from './call.ts';

/** CreateOptions, UpdateOptions and PatchOptions: what their query has in common. */
export interface WriteOptions {
  dryRun: boolean;
  fieldValidation: FieldValidation;
  fieldManager: string;
}

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

const FIELD_VALIDATIONS: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];
const FIELD_MANAGER_MAX_BYTES = 128;

export function writeOptions(call: Call, kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions'): WriteOptions {
  const { query } = call;
  if (query.size === 0) return { dryRun: false, fieldValidation: 'Warn', fieldManager: userAgentManager(call) };
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const fieldValidation = query.get('fieldValidation') || 'Warn';
  const causes: Cause[] = dryRunCauses(dryRun);
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) {
    causes.push(notSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS));
  }
  if (Buffer.byteLength(query.get('fieldManager') ?? '') > FIELD_MANAGER_MAX_BYTES) {
    causes.push(tooLong('fieldManager', FIELD_MANAGER_MAX_BYTES));
  }
  if (causes.length) throw invalid({ group: 'meta.k8s.io', kind }, '', causes);
  return {
    dryRun: dryRun.length > 0,
    fieldValidation: fieldValidation as FieldValidation,
    fieldManager: query.get('fieldManager') || userAgentManager(call),
  };
}

export function dryRunCauses(dryRun: readonly string[]): Cause[] {
  return dryRun.some((value) => value !== 'All') ? [notSupported('dryRun', dryRun, ['All'])] : [];
}

/** Who a write is ascribed to when it names no field manager. Source: prefixFromUserAgent of k8s.io/apiserver handlers/create.go. */
function userAgentManager(call: Call): string {
  const agent = call.request.headers.get('user-agent') ?? '';
  return agent.split('/', 1)[0]!.slice(0, FIELD_MANAGER_MAX_BYTES);
}
