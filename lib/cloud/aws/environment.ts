/** What the stacks tell every function. */
export interface AwsEnvironment {
  cluster: string;
  /** Tables are named `PREFIX-objects` and so on. */
  tablePrefix: string;
  /** `/zeroplane/CLUSTER/` */
  keysPath: string;
  serviceCIDR: string;
  /** Zeroplane's own. */
  version: string;
  /** ARNs of IAM principals who may do everything. */
  admins: readonly string[];
  /** ARN of the role of the cluster's instances. */
  nodeRole: string | undefined;
  /** The API's own URL: issuer of ServiceAccount tokens. Told to the function apiserver only. */
  publicUrl: string | undefined;
  /** LocalStack, in which functions find all of AWS; absent: AWS itself. */
  awsEndpoint: string | undefined;
}

/**
 * Where the endpoint of the Service `kubernetes` leads: the same address on every node, which the agent's proxy of the API takes.
 * From the range of RFC 2544, as an endpoint may be neither loopback nor link-local.
 */
export const API_ENDPOINT = { address: '198.18.0.1', port: 6443 } as const;

/** Of tokens where the API's URL is not known: in scheduler and controllers, which are shown none. */
export const ISSUER = 'https://kubernetes.default.svc.cluster.local';

export function awsEnvironment(env: Readonly<Record<string, string | undefined>>): AwsEnvironment {
  const text = (name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`the environment lacks ${name}`);
    return value;
  };
  return {
    cluster: text('ZEROPLANE_CLUSTER'),
    tablePrefix: text('ZEROPLANE_TABLE_PREFIX'),
    keysPath: text('ZEROPLANE_KEYS'),
    serviceCIDR: text('ZEROPLANE_SERVICE_CIDR'),
    version: text('ZEROPLANE_VERSION'),
    admins: (env['ZEROPLANE_ADMINS'] ?? '').split(',').filter(Boolean),
    nodeRole: env['ZEROPLANE_NODE_ROLE'],
    publicUrl: env['ZEROPLANE_PUBLIC_URL'],
    awsEndpoint: env['AWS_ENDPOINT_URL'],
  };
}
