import type { KubeObject } from '../../lib/api/object.ts';
import type { Info } from '../../lib/api/types.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Store } from '../../lib/storage/contract.ts';
import type { AdmissionPlugin, Authenticator, Authorizer, KindRules, RequestInfo, UserInfo } from './contract.ts';
import type { Metrics } from './metrics.ts';
import type { ResourceTable } from './registry/resource-table.ts';

/** Everything the apiserver is made of; a test passes allow-all for the first three. */
export interface Dependencies {
  readonly store: Store;
  readonly authenticate: Authenticator;
  readonly authorize: Authorizer;
  readonly admission: readonly AdmissionPlugin[];
  /** Special rules by `group/resource`; the core group's by `/resource`. */
  readonly kinds: ReadonlyMap<string, KindRules>;
  readonly clock: Clock;
  readonly random: Random;
  /** What /version answers, and the release that discovery speaks for. */
  readonly version: Info;
  /** Resources that are answered and never stored, by `group/resource`: reviews. Absent ones are refused with 405. */
  readonly virtual?: ReadonlyMap<string, VirtualCreate>;
  /** POST serviceaccounts/NAME/token. Absent: 405. */
  readonly createToken?: CreateToken;
  /** Non-resource GETs beyond the apiserver's own: `/openid/v1/jwks`, `/.well-known/openid-configuration`. */
  readonly documents?: ReadonlyMap<string, () => Promise<Document>>;
  /** How nodes, pods and services are reached for logs and proxying. Absent: 503. */
  readonly backend?: Backend;
  /** Named checks of /readyz and /livez beyond ping. A check throws when it fails. */
  readonly checks?: ReadonlyMap<string, () => void | Promise<void>>;
  /** Failures that are ours: answered 500 and told here with their cause. */
  readonly report?: (error: unknown, request: Request) => void;
}

/** Answers a create of a virtual resource: the object with its status filled. */
export type VirtualCreate = (object: KubeObject, context: VirtualContext) => Promise<KubeObject>;

export interface VirtualContext {
  user: UserInfo;
  info: RequestInfo;
}

export type CreateToken = (request: {
  serviceAccount: KubeObject;
  tokenRequest: KubeObject;
  user: UserInfo;
  /** The object that the token is bound to is read through this. */
  namespace: string;
}) => Promise<KubeObject>;

export interface Document {
  contentType: string;
  body: string;
}

/** An HTTP request to a node's agent or to a pod, both bodies streamed. */
export interface Backend {
  send(request: BackendRequest): Promise<Response>;
}

export interface BackendRequest {
  url: URL;
  method: string;
  headers: Record<string, string>;
  body?: ReadableStream<Uint8Array> | undefined;
  /** Whose certificate is shown: the apiserver's own to a node's agent, none to a pod. */
  as: 'kubelet-client' | 'none';
  signal: AbortSignal;
}

/** What every part of the apiserver works with. */
export interface Server extends Dependencies {
  readonly resources: ResourceTable;
  readonly metrics: Metrics;
}
