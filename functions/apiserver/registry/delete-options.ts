import { invalidValue, notSupported } from '../../../lib/api/causes.ts';
import { badRequest, type Cause, invalid, isReason } from '../../../lib/api/status.ts';
import type { DeleteOptions as ApiDeleteOptions } from '../../../lib/api/types.ts';
import { bodyFormat } from '../negotiation/media-types.ts';
import { readBody } from '../negotiation/read-body.ts';
import { isTrue } from '../request-info.ts';
import type { Call } from './call.ts';
import { warnOrphans } from './deprecations.ts';
import { dryRunCauses } from './options.ts';
import { checkSchema, decode, decodeFault } from './read-object.ts';

/** metav1.DeleteOptions, checked. */
export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly gracePeriodSeconds: number | undefined;
  readonly orphanDependents: boolean | undefined;
  readonly propagationPolicy: string | undefined;
  readonly uid: string | undefined;
  readonly resourceVersion: string | undefined;
}

const POLICIES = ['Background', 'Foreground', 'Orphan'];
const EXPECTED = { group: '', version: 'v1', kind: 'DeleteOptions' };

/** A body, when there is one, is taken instead of the query. Source: k8s.io/apiserver handlers/delete.go. */
export async function deleteOptions(call: Call): Promise<DeleteOptions> {
  const bytes = await readBody(call.request);
  const options = checked(bytes.byteLength > 0 ? await fromBody(call, bytes) : fromQuery(call.query));
  warnOrphans(call, options.propagationPolicy, options.orphanDependents);
  return options;
}

async function fromBody(call: Call, bytes: Uint8Array): Promise<ApiDeleteOptions> {
  const object = await decode(bodyFormat(call.request.headers), bytes, EXPECTED);
  try {
    return checkSchema(call, object, EXPECTED, 'Ignore');
  } catch (error) {
    throw isReason(error, 'BadRequest') ? badRequest(decodeFault(error)) : error;
  }
}

function fromQuery(query: URLSearchParams): ApiDeleteOptions {
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  const orphan = query.get('orphanDependents');
  return {
    dryRun: query.getAll('dryRun').filter((value) => value !== ''),
    ...(grace ? { gracePeriodSeconds: Number(grace) } : {}),
    ...(policy ? { propagationPolicy: policy } : {}),
    ...(orphan ? { orphanDependents: isTrue(orphan) } : {}),
  };
}

/** Source: ValidateDeleteOptions of apimachinery pkg/apis/meta/v1/validation. */
export function checked(given: ApiDeleteOptions): DeleteOptions {
  const causes: Cause[] = [];
  const { orphanDependents, propagationPolicy, gracePeriodSeconds } = given;
  if (propagationPolicy != null && orphanDependents != null) {
    const why = 'orphanDependents and deletionPropagation cannot be both set';
    causes.push(invalidValue('propagationPolicy', propagationPolicy, why));
  }
  if (propagationPolicy != null && !POLICIES.includes(propagationPolicy)) {
    causes.push(notSupported('propagationPolicy', propagationPolicy, ['Foreground', 'Background', 'Orphan', 'nil']));
  }
  causes.push(...dryRunCauses(given.dryRun ?? []));
  if (causes.length) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', causes);
  return {
    dryRun: Boolean(given.dryRun?.length),
    // A negative period is treated as one second. Source: rest.BeforeDelete.
    gracePeriodSeconds: gracePeriodSeconds != null && gracePeriodSeconds < 0 ? 1 : (gracePeriodSeconds ?? undefined),
    orphanDependents: orphanDependents ?? undefined,
    propagationPolicy: propagationPolicy ?? undefined,
    uid: given.preconditions?.uid ?? undefined,
    resourceVersion: given.preconditions?.resourceVersion ?? undefined,
  };
}
