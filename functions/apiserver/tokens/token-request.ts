import type { KubeObject, Stored } from '../../../lib/api/object.ts';
import { badRequest, type Cause, conflict, invalid, notFound } from '../../../lib/api/status.ts';
import type { BoundObjectReference, Pod, TokenRequest } from '../../../lib/api/types.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import type { CreateToken } from '../dependencies.ts';
import type { Reader } from '../reader.ts';
import { type KubernetesClaims, makeClaims } from './claims.ts';
import type { TokenKeys } from './signing-key.ts';

const KIND = { group: 'authentication.k8s.io', kind: 'TokenRequest' };
const MIN_EXPIRATION_SECONDS = 600;
const MAX_EXPIRATION_SECONDS = 2 ** 32;
const DEFAULT_EXPIRATION_SECONDS = 3600;

/**
 * What the ServiceAccount plugin asks for a pod's own token. Such a token lives a year and says after which time it
 * should have been renewed, so that clients that never reload it go on working (KEP-1205).
 */
const POD_EXPIRATION_SECONDS = 3607;
const EXTENDED_EXPIRATION_SECONDS = 365 * 24 * 3600;

type AnyStored = Stored<KubeObject>;

export interface TokenRequestOptions {
  keys: TokenKeys;
  issuer: string;
  audiences: readonly string[];
  reader: Reader;
  clock: Clock;
  random: Random;
}

/** POST serviceaccounts/NAME/token. Source: k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage/token.go */
export function tokenRequests(options: TokenRequestOptions): CreateToken {
  const { keys, issuer, reader, clock, random } = options;
  return async ({ serviceAccount, tokenRequest, namespace }) => {
    const request = tokenRequest as TokenRequest;
    const { name, uid } = (serviceAccount as AnyStored).metadata;
    checkMetadata(request, namespace, name);
    checkUid(request, uid, name);
    const spec = defaulted(request, options.audiences);
    validate(spec);
    const bound = await boundClaims(reader, spec.boundObjectRef, namespace, name);
    const nowMs = clock.now();
    const now = Math.floor(nowMs / 1000);
    const extended = isPodDefault(bound, spec, options.audiences);
    const kubernetes: KubernetesClaims = {
      namespace,
      ...bound,
      serviceaccount: { name, uid },
      ...(extended ? { warnafter: now + spec.expirationSeconds } : {}),
    };
    const expirationSeconds = extended ? EXTENDED_EXPIRATION_SECONDS : spec.expirationSeconds;
    const claims = makeClaims({ issuer, audiences: spec.audiences, now, expirationSeconds, kubernetes }, random);
    return answer(request, spec, { namespace, name, uid, nowMs }, keys.sign(claims));
  };
}

type Spec = { audiences: string[]; expirationSeconds: number; boundObjectRef?: BoundObjectReference | undefined };

function defaulted(request: TokenRequest, audiences: readonly string[]): Spec {
  const { spec } = request as { spec?: Partial<Spec> };
  return {
    ...spec,
    audiences: spec?.audiences?.length ? spec.audiences : [...audiences],
    expirationSeconds: spec?.expirationSeconds || DEFAULT_EXPIRATION_SECONDS,
  };
}

function checkMetadata({ metadata }: TokenRequest, namespace: string, name: string): void {
  const mismatch = (field: string, value: string) => {
    const what = `must match the service account ${field} if specified`;
    const message = `Invalid value: ${JSON.stringify(value)}: ${what}`;
    return invalid(KIND, name, [{ reason: 'FieldValueInvalid', message, field: `metadata.${field}` }]);
  };
  if (metadata?.name && metadata.name !== name) throw mismatch('name', metadata.name);
  if (metadata?.namespace && metadata.namespace !== namespace) throw mismatch('namespace', metadata.namespace);
}

function checkUid({ metadata }: TokenRequest, uid: string, name: string): void {
  if (!metadata?.uid || metadata.uid === uid) return;
  const why = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
  throw conflict({ group: KIND.group, resource: KIND.kind }, name, why);
}

function validate(spec: Spec): void {
  const causes: Cause[] = [];
  const refuse = (why: string) => {
    const message = `Invalid value: ${spec.expirationSeconds}: ${why}`;
    causes.push({ reason: 'FieldValueInvalid', message, field: 'spec.expirationSeconds' });
  };
  if (spec.expirationSeconds < MIN_EXPIRATION_SECONDS) refuse('may not specify a duration less than 10 minutes');
  if (spec.expirationSeconds > MAX_EXPIRATION_SECONDS) refuse('may not specify a duration larger than 2^32 seconds');
  if (causes.length) throw invalid(KIND, '', causes);
}

type Bound = Pick<KubernetesClaims, 'node' | 'pod' | 'secret'>;

async function boundClaims(
  reader: Reader,
  ref: BoundObjectReference | undefined,
  namespace: string,
  account: string,
): Promise<Bound> {
  if (!ref) return {};
  const type = boundType(ref);
  const object = await reader.get(type, ref.name ?? '', type === 'nodes' ? undefined : namespace);
  if (!object) throw notFound({ group: '', resource: type }, ref.name ?? '');
  if (type === 'pods') checkPodAccount(object as Pod, account);
  const { name, uid } = object.metadata;
  checkBoundUid(ref, uid);
  if (type === 'secrets') return { secret: { name, uid } };
  if (type === 'nodes') return { node: { name, uid } };
  const nodeName = (object as unknown as Pod).spec?.nodeName;
  if (!nodeName) return { pod: { name, uid } };
  const node = await reader.get('nodes', nodeName);
  return { node: { name: nodeName, ...(node ? { uid: node.metadata.uid } : {}) }, pod: { name, uid } };
}

function boundType(ref: BoundObjectReference): 'pods' | 'secrets' | 'nodes' {
  const types = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' } as const;
  const [version, group] = (ref.apiVersion ?? '').split('/').reverse();
  const type = group ? undefined : types[ref.kind as keyof typeof types];
  if (type) return type;
  throw badRequest(`cannot bind token to object of type ${group ?? ''}/${version}, Kind=${ref.kind ?? ''}`);
}

function checkPodAccount(pod: Pod, account: string): void {
  if (pod.spec?.serviceAccountName === account) return;
  const who = JSON.stringify(account);
  throw badRequest(`cannot bind token for serviceaccount ${who} to pod running with different serviceaccount name.`);
}

function checkBoundUid(ref: BoundObjectReference, uid: string): void {
  if (!ref.uid || ref.uid === uid) return;
  const why = `the UID in the bound object reference (${ref.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
  throw conflict({ group: '', resource: ref.kind ?? '' }, ref.name ?? '', why);
}

function isPodDefault(bound: Bound, spec: Spec, audiences: readonly string[]): boolean {
  if (!bound.pod || spec.expirationSeconds !== POD_EXPIRATION_SECONDS) return false;
  return spec.audiences.every((audience) => audiences.includes(audience));
}

function answer(
  request: TokenRequest,
  spec: Spec,
  account: { namespace: string; name: string; uid: string; nowMs: number },
  token: string,
): KubeObject {
  const { namespace, name, uid, nowMs } = account;
  const seconds = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  return {
    kind: KIND.kind,
    apiVersion: `${KIND.group}/v1`,
    metadata: { ...request.metadata, name, namespace, uid, creationTimestamp: seconds(nowMs) },
    spec: { boundObjectRef: null, ...spec },
    status: { token, expirationTimestamp: seconds(nowMs + spec.expirationSeconds * 1000) },
  };
}
