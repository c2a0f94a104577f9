import type { KubeObject } from '../../lib/api/object.ts';
import type { ResourceInfo } from '../../lib/api/resources.ts';
import type { Cause } from '../../lib/api/status.ts';
import type { Write } from '../../lib/storage/contract.ts';

/** authentication.k8s.io/v1 UserInfo: who asks. */
export interface UserInfo {
  username: string;
  uid?: string;
  groups: readonly string[];
  extra?: Readonly<Record<string, readonly string[]>>;
}

/** What the transport knows of a request beyond Request itself. */
export interface Connection {
  /** The verified client certificate's subject (CN → username, O → groups); absent without one. */
  clientCertificate?: {
    commonName: string;
    organizations: readonly string[];
    /** Lower-case hex of the certificate's SHA-256, for the user's credential-id. */
    sha256?: string;
  };
  /** There is one, and it does not hold (another CA's, expired): nobody, never anonymous. */
  refusedCertificate?: true;
  remoteAddress?: string;
  /** An in-process caller (controllers, scheduler): trusted, no credential is looked at. Never set by a network adapter. */
  user?: UserInfo;
}

/** What a URL and method ask for. Source: k8s.io/apiserver/pkg/endpoints/request RequestInfo. */
export interface RequestInfo {
  path: string;
  /** get list watch create update patch delete deletecollection; for non-resource paths the lower-case HTTP method. */
  verb: string;
  isResource: boolean;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  /** Path segments after the subresource: pods/x/proxy/REST. */
  rest: string;
}

export type Authenticator = (request: Request, connection: Connection) => Promise<UserInfo | undefined>;

/** Throws nothing: `allowed` false with a reason, which lands in the 403 message after the user and verb. */
export interface Decision {
  allowed: boolean;
  reason?: string;
}
export type AuthorizationAttributes = Pick<
  RequestInfo,
  'verb' | 'isResource' | 'group' | 'version' | 'resource' | 'subresource' | 'namespace' | 'name' | 'path'
> & {
  user: UserInfo;
  /** Of a list, watch or deletecollection, as in the query: a node may list the pods that are bound to it. */
  fieldSelector?: string | undefined;
};
export type Authorizer = (attributes: AuthorizationAttributes) => Decision | Promise<Decision>;

/** One admission request. `object` may be changed in place by a mutating plugin. */
export interface AdmissionAttributes {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  info: RequestInfo;
  resource: ResourceInfo;
  user: UserInfo;
  object?: KubeObject | undefined;
  oldObject?: KubeObject | undefined;
  options?: KubeObject | undefined;
  dryRun: boolean;
  /** Sends a Warning header with the answer. */
  warn?(message: string): void;
}

/** Named as kube-apiserver names it. Throws StatusError to refuse. `mutate` runs for all plugins before any `validate`. */
export interface AdmissionPlugin {
  readonly name: string;
  mutate?(attributes: AdmissionAttributes): void | Promise<void>;
  validate?(attributes: AdmissionAttributes): void | Promise<void>;
}

/** What a kind's rules may use: they are pure but for these. */
export interface RuleContext {
  now: string;
  uuid(): string;
  user: UserInfo;
}

/**
 * The special rules of one kind (functions/apiserver/kinds/GROUP/KIND.ts). All optional: the schema alone serves a plain kind.
 * Order on create: defaults → mutating admission → prepareForCreate → validate → validating admission → store.
 * On update: defaults → mutating admission → prepareForUpdate → validateUpdate → validating admission → store.
 */
export interface KindRules {
  /** Fills what the API defaults, in place; must leave an already defaulted object unchanged. */
  defaults?(object: any): void;
  /** Clears what a client may not set (status), sets what the server owns. */
  prepareForCreate?(object: any, context: RuleContext): void;
  /** A write to the main resource: keep the old status, drop disabled fields. `generation` is the registry's: see `generationFrom`. */
  prepareForUpdate?(object: any, old: any, context: RuleContext): void;
  /** A write to the status subresource; absent: everything but status and (some) metadata is taken from `old`. */
  prepareForStatusUpdate?(object: any, old: any, context: RuleContext): void;
  validate?(object: any): Cause[];
  validateUpdate?(object: any, old: any): Cause[];
  validateStatusUpdate?(object: any, old: any): Cause[];
  /** Subresources that are written like the object itself, with rules of their own: `ephemeralcontainers`, `resize`, `finalize`, `approval`. */
  subresources?: Readonly<Record<string, SubresourceRules>>;
  /** What the client is told in Warning headers; `old` is given on updates. */
  warnings?(object: any, old?: any): string[];
  /** Fields that field selectors may name beyond metadata.name and metadata.namespace, with their value as text. */
  selectableFields?: Readonly<Record<string, (object: any) => string>>;
  /** metadata.generation starts at 1 and rises when one of these top-level fields changes (most kinds: ['spec']). */
  generationFrom?: readonly string[];
  /** How an object's name is checked. Default: DNS-1123 subdomain. */
  nameFormat?: 'subdomain' | 'label' | 'label1035' | 'pathSegment';
  /** PUT to a name that is not there creates it (as Lease, PodDisruptionBudget … on kube-apiserver). */
  createOnUpdate?: boolean;
  /** An update without resourceVersion is taken as unconditional. Default true. */
  unconditionalUpdate?: boolean;
  /** Seconds to wait for a graceful deletion: 0 removes now. Default: no graceful deletion. */
  gracePeriodSeconds?(object: any, requested: number | undefined): number;
  /** Propagation when the DeleteOptions name none. Default Background. */
  defaultPropagation?: 'Orphan' | 'Background';
  /** Writes that must happen together with the object's (a Service's address reservations). May change `object` (allocation). */
  companionWrites?(change: CompanionChange): Promise<Write[]>;
  /** The printed columns: cells of one row, in the order of table-columns.json. See printers. */
  row?(object: any, now: number): unknown[];
}

/** A write to a subresource: what it may change of `old`, and what must hold afterwards. */
export interface SubresourceRules {
  prepareForUpdate(object: any, old: any, context: RuleContext): void;
  validateUpdate?(object: any, old: any): Cause[];
}

export interface CompanionChange {
  operation: 'create' | 'update' | 'delete';
  object: any;
  old?: any;
  dryRun: boolean;
}

/** The apiserver: a function of a request. `connect` is for upgrades (exec, attach, port-forward, proxied WebSockets), which no Response can carry. */
export interface Apiserver {
  fetch(request: Request, connection?: Connection): Promise<Response>;
  /** Authenticates, authorizes and admits, then says where the bytes go; or a refusal. */
  connect(request: Request, connection?: Connection): Promise<UpgradeTarget | Response>;
}

export interface UpgradeTarget {
  /** https: a node's agent (client certificate of the apiserver); http: a pod or service. */
  url: URL;
  /** Which credentials the adapter presents. */
  as: 'kubelet-client' | 'none';
}
