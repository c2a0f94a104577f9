import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What an instance is told about itself. */
export interface InstanceRecord {
  instanceId: string;
  instanceType: string;
  architecture: 'x86_64' | 'arm64';
  region: string;
  zone: string;
  privateIp: string;
  privateDnsName: string;
  mac: string;
  prefixes: string[];
  vpcCIDRs: string[];
  lifecycle: 'on-demand' | 'spot';
  userData: string;
  role: string;
  credentials(): Promise<Credentials>;
}

export interface Credentials {
  AccessKeyId: string;
  SecretAccessKey: string;
  Token: string;
  Expiration: string;
}

export interface InstanceMetadataServer {
  readonly port: number;
  /** Tokens handed out: a client that asks for one each time is a client that errs. */
  readonly sessions: ReadonlySet<string>;
  /** Every session ends, as if its time were over. */
  endSessions(): void;
  close(): Promise<void>;
}

/**
 * The instance metadata service, version 2 only: without a session's token nothing is told (as a launch template that requires tokens has it).
 * `instanceOf` knows who asks by its address. Source: "Use the Instance Metadata Service to access instance metadata".
 */
export async function serveInstanceMetadata(
  host: string,
  instanceOf: (address: string) => InstanceRecord | undefined,
): Promise<InstanceMetadataServer> {
  const sessions = new Set<string>();
  const server = createServer((request, response) => {
    const instance = instanceOf(request.socket.remoteAddress ?? '');
    answer(request, sessions, instance).then(
      ({ status, text }) => response.writeHead(status, { 'content-type': 'text/plain' }).end(text),
      (error: Error) => fail(response, error),
    );
  });
  await listening(server, host);
  return {
    port: (server.address() as AddressInfo).port,
    sessions,
    endSessions: () => sessions.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
}

function fail(response: ServerResponse, error: Error): void {
  response.writeHead(500).end(error.message);
}

interface Answer {
  status: number;
  text: string;
}

async function answer(
  request: IncomingMessage,
  sessions: Set<string>,
  instance: InstanceRecord | undefined,
): Promise<Answer> {
  const path = (request.url ?? '/').replace(/^\/latest\//, '');
  if (path === 'api/token' && request.method === 'PUT') {
    const token = `session-${sessions.size + 1}`;
    sessions.add(token);
    return { status: 200, text: token };
  }
  if (!sessions.has(String(request.headers['x-aws-ec2-metadata-token']))) return { status: 401, text: 'Unauthorized' };
  const text = instance && (await tell(path, instance));
  return text === undefined ? { status: 404, text: 'Not Found' } : { status: 200, text };
}

async function tell(path: string, instance: InstanceRecord): Promise<string | undefined> {
  const { role, mac } = instance;
  const network = `meta-data/network/interfaces/macs/${mac}`;
  const told: Record<string, () => string | Promise<string>> = {
    'user-data': () => instance.userData,
    'dynamic/instance-identity/document': () => JSON.stringify(identityDocument(instance)),
    'meta-data/instance-id': () => instance.instanceId,
    'meta-data/mac': () => mac,
    'meta-data/local-hostname': () => instance.privateDnsName,
    'meta-data/instance-life-cycle': () => instance.lifecycle,
    'meta-data/placement/region': () => instance.region,
    'meta-data/iam/security-credentials/': () => role,
    [`meta-data/iam/security-credentials/${role}`]: async () =>
      JSON.stringify({ Code: 'Success', Type: 'AWS-HMAC', ...(await instance.credentials()) }),
    [`${network}/vpc-ipv4-cidr-blocks`]: () => instance.vpcCIDRs.join('\n'),
    ...(instance.prefixes.length > 0 && { [`${network}/ipv4-prefix`]: () => instance.prefixes.join('\n') }),
  };
  return told[path]?.();
}

function identityDocument({ instanceId, instanceType, architecture, region, zone, privateIp }: InstanceRecord) {
  return { instanceId, instanceType, architecture, region, availabilityZone: zone, privateIp, version: '2017-09-30' };
}
