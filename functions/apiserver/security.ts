import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Store } from '../../lib/storage/contract.ts';
import { defaultAdmission } from './admission/default-admission.ts';
import { serviceAllocation } from './allocation/service-allocation.ts';
import { authenticator } from './authentication/authenticator.ts';
import { bootstrapTokens } from './authentication/bootstrap-token.ts';
import { type IamOptions, iamTokens } from './authentication/iam/iam-token.ts';
import { selfSubjectReviews } from './authentication/self-subject-review.ts';
import { serviceAccountTokens } from './authentication/service-account-token.ts';
import { tokenReviews } from './authentication/token-review.ts';
import { authorizerChain, privileged } from './authorization/chain.ts';
import { nodeAuthorizer } from './authorization/node.ts';
import { nodeRelations } from './authorization/node-relations.ts';
import { rbac as rbacOver } from './authorization/rbac.ts';
import { selfSubjectRulesReviews } from './authorization/self-subject-rules-review.ts';
import {
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  subjectAccessReviews,
} from './authorization/subject-access-review.ts';
import { bootstrap } from './bootstrap/bootstrap.ts';
import { bootstrapClusterRoles } from './bootstrap/objects.ts';
import type { Authorizer, KindRules } from './contract.ts';
import type { Dependencies, VirtualCreate } from './dependencies.ts';
import { type Reader, storeReader } from './reader.ts';
import { tokenDocuments } from './tokens/discovery.ts';
import { tokenKeys } from './tokens/signing-key.ts';
import { tokenRequests } from './tokens/token-request.ts';

export interface SecurityOptions {
  store: Store;
  clock: Clock;
  random: Random;
  /** `10.96.0.0/16` */
  serviceCIDR: string;
  /** PEM: what signs ServiceAccount tokens. */
  serviceAccountKey: string;
  /** PEM: keys that signed before. */
  serviceAccountPublicKeys?: readonly string[];
  /** `https://kubernetes.default.svc.cluster.local`, on AWS the API's URL; also the tokens' audience. */
  issuer: string;
  /** Where anybody may fetch the keys that verify ServiceAccount tokens: `https://HOST:PORT`. Default: the endpoint, and not for everybody. */
  publicUrl?: string | undefined;
  /** IAM sign-in, on AWS. */
  iam?: IamOptions | undefined;
  /** Where pods reach the apiserver: the endpoint of the Service `kubernetes`. */
  endpoint: { address: string; port: number };
  /** Data of the ConfigMap extension-apiserver-authentication: client-ca-file and the requestheader settings. */
  authenticationConfig?: Record<string, string>;
  /** The cluster's nodes provision volumes on their disks: there is a class for them, and the right to do it. */
  localPath?: boolean;
  /** The cluster's nodes run gateways: there is a class for their Ingresses, which is the default. */
  ingressGateway?: boolean;
  /** Machines are made for pods that fit nowhere: NodePools and NodeClaims. */
  capacity?: boolean;
}

/** What stands between a request and the registry, ready for `Dependencies`. */
export interface Security {
  readonly reader: Reader;
  readonly authenticate: Dependencies['authenticate'];
  readonly authorize: Authorizer;
  readonly admission: Dependencies['admission'];
  readonly virtual: ReadonlyMap<string, VirtualCreate>;
  readonly createToken: NonNullable<Dependencies['createToken']>;
  readonly documents: NonNullable<Dependencies['documents']>;
  /** KindRules.companionWrites of services. */
  readonly serviceWrites: NonNullable<KindRules['companionWrites']>;
  /** Makes or mends what every cluster has. Once, before serving. */
  bootstrap(): Promise<void>;
}

export function security(options: SecurityOptions): Security {
  const { store, clock, random, issuer, endpoint, serviceCIDR } = options;
  const reader = storeReader(store);
  const keys = tokenKeys(options.serviceAccountKey, options.serviceAccountPublicKeys);
  const audiences = [issuer];
  const tokens = [
    serviceAccountTokens({ keys, issuer, reader, clock }),
    bootstrapTokens(reader, clock),
    ...(options.iam ? [iamTokens(options.iam, { reader, clock, audiences })] : []),
  ];
  const rbac = rbacOver(reader);
  const nodeRules = bootstrapClusterRoles.find(({ metadata }) => metadata?.name === 'system:node')?.rules ?? [];
  const authorize = authorizerChain([
    { name: 'privileged-groups', authorize: privileged },
    { name: 'node', authorize: nodeAuthorizer(nodeRelations(reader), nodeRules) },
    { name: 'rbac', authorize: rbac.authorize },
  ]);
  return {
    reader,
    authenticate: authenticator(tokens, audiences),
    authorize,
    admission: defaultAdmission({ store, reader, rbac, authorize, clock, random }),
    virtual: new Map([
      ['authentication.k8s.io/tokenreviews', tokenReviews(tokens, audiences)],
      ['authentication.k8s.io/selfsubjectreviews', selfSubjectReviews(clock)],
      ['authorization.k8s.io/subjectaccessreviews', subjectAccessReviews(authorize)],
      ['authorization.k8s.io/localsubjectaccessreviews', localSubjectAccessReviews(authorize)],
      ['authorization.k8s.io/selfsubjectaccessreviews', selfSubjectAccessReviews(authorize)],
      ['authorization.k8s.io/selfsubjectrulesreviews', selfSubjectRulesReviews(rbac)],
    ]),
    createToken: tokenRequests({ keys, issuer, audiences, reader, clock, random }),
    documents: tokenDocuments(keys, issuer, options.publicUrl ?? `https://${endpoint.address}:${endpoint.port}`),
    serviceWrites: serviceAllocation({ store, reader, serviceCIDR, clock, random }),
    bootstrap: () =>
      bootstrap({
        store,
        reader,
        clock,
        random,
        endpoint: { ...endpoint, serviceCIDR },
        authenticationConfig: options.authenticationConfig ?? {},
        publicIssuer: options.publicUrl !== undefined,
        localPath: options.localPath ?? false,
        ingressGateway: options.ingressGateway ?? false,
        capacity: options.capacity ?? false,
      }),
  };
}
