import type { Clock } from '../../runtime/clock.ts';
import type { AwsCredentials } from './sts-token.ts';

/** An instance's own word about itself: the instance metadata service, version 2. Source: "Access instance metadata for an EC2 instance". */
export interface InstanceMetadata {
  /** A path below /latest/meta-data/; undefined when there is none. */
  get(path: string): Promise<string | undefined>;
  /** Who and where the instance is. */
  identity(): Promise<InstanceIdentity>;
  /** The instance role's, as they are now: they rotate. */
  credentials(): Promise<AwsCredentials>;
}

export interface InstanceIdentity {
  instanceId: string;
  instanceType: string;
  architecture: 'amd64' | 'arm64';
  region: string;
  zone: string;
  privateIp: string;
  privateDnsName: string;
  /** Ranges delegated to the primary network interface, each /28: `10.0.1.16/28`. */
  prefixes: string[];
  /** The subnet's and VPC's own ranges. */
  vpcCIDRs: string[];
  lifecycle: 'on-demand' | 'spot';
}

export interface InstanceMetadataOptions {
  /** `http://169.254.169.254` */
  endpoint: string;
  fetch: typeof fetch;
  clock: Clock;
}

export const METADATA_ENDPOINT = 'http://169.254.169.254';

const TOKEN_SECONDS = 21_600;
const RENEW_BEFORE_MS = 60_000;
const TIMEOUT_MS = 5000;

export function instanceMetadata(options: InstanceMetadataOptions): InstanceMetadata {
  const session = sessionToken(options);
  const read = async (path: string, again = true): Promise<string | undefined> => {
    const headers = { 'x-aws-ec2-metadata-token': await session.get() };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await options.fetch(`${options.endpoint}/latest/${path}`, { headers, signal });
    const text = await response.text();
    if (response.status === 404) return undefined;
    if (response.status === 401 && again) {
      session.forget();
      return read(path, false);
    }
    if (!response.ok) throw new Error(`instance metadata ${path}: ${response.status} ${text.slice(0, 200)}`);
    return text;
  };
  const get = (path: string) => read(`meta-data/${path}`);
  return { get, identity: () => identity(read, get), credentials: () => credentials(get) };
}

interface Session {
  get(): Promise<string>;
  forget(): void;
}

function sessionToken({ endpoint, fetch, clock }: InstanceMetadataOptions): Session {
  let token: { text: string; expiresAtMs: number } | undefined;
  return {
    async get() {
      if (token && token.expiresAtMs - clock.now() > RENEW_BEFORE_MS) return token.text;
      const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) };
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${endpoint}/latest/api/token`, { method: 'PUT', headers, signal });
      const text = await response.text();
      if (!response.ok) throw new Error(`instance metadata gives no token: ${response.status}`);
      token = { text, expiresAtMs: clock.now() + TOKEN_SECONDS * 1000 };
      return text;
    },
    forget() {
      token = undefined;
    },
  };
}

type Get = (path: string) => Promise<string | undefined>;

const ARCHITECTURES: Readonly<Record<string, InstanceIdentity['architecture']>> = { x86_64: 'amd64', arm64: 'arm64' };

async function identity(read: Get, get: Get): Promise<InstanceIdentity> {
  const document = JSON.parse((await read('dynamic/instance-identity/document')) ?? '{}');
  const mac = await required(get, 'mac');
  const lines = async (path: string) => ((await get(path)) ?? '').split('\n').filter(Boolean);
  const network = `network/interfaces/macs/${mac}`;
  return {
    instanceId: document.instanceId,
    instanceType: document.instanceType,
    architecture: ARCHITECTURES[document.architecture] ?? 'amd64',
    region: document.region,
    zone: document.availabilityZone,
    privateIp: document.privateIp,
    privateDnsName: (await required(get, 'local-hostname')).split(' ')[0]!,
    prefixes: await lines(`${network}/ipv4-prefix`),
    vpcCIDRs: await lines(`${network}/vpc-ipv4-cidr-blocks`),
    lifecycle: (await get('instance-life-cycle')) === 'spot' ? 'spot' : 'on-demand',
  };
}

async function credentials(get: Get): Promise<AwsCredentials> {
  const role = await required(get, 'iam/security-credentials/');
  const given = JSON.parse(await required(get, `iam/security-credentials/${role.trim()}`));
  if (given.Code !== 'Success') throw new Error(`instance metadata gives no credentials: ${given.Code}`);
  return {
    accessKeyId: given.AccessKeyId,
    secretAccessKey: given.SecretAccessKey,
    sessionToken: given.Token,
    expiration: new Date(given.Expiration),
  };
}

async function required(get: Get, path: string): Promise<string> {
  const text = await get(path);
  if (text === undefined) throw new Error(`instance metadata has no ${path}`);
  return text;
}
