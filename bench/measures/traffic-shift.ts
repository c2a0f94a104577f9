import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, type Endpoint } from '../http.ts';
import { percentile } from '../statistics.ts';
import { checked } from './requests.ts';

export interface ShiftFigures {
  services: number;
  /** From the answer to the write of an EndpointSlice to the first connection that reaches the new endpoint, milliseconds. */
  own: { p50: number; p99: number };
  /** What nft takes for the same change of the same table, its process included. */
  nft: { p50: number; p99: number };
}

const SHIFTS = 30;
/** Beyond the proxy's shortest period between two transactions: a change alone, as most are. */
const APART_MS = 150;
const FIRST_NODE_PORT = 30_100;
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';

/** A Service's traffic goes over to another endpoint, in clusters of 1 and 1,000 Services. Needs root. */
export async function measureTrafficShift(root: string): Promise<ShiftFigures[]> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-'));
  const name = `bench-${process.pid}`;
  const state = join(folder, 'state');
  const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') };
  const zeroplane = (command: string, ...args: string[]) => {
    const all = [join(root, 'dist/zeroplane.js'), command, '--name', name, '--state-dir', state, ...args];
    execFileSync(process.execPath, all, { env, stdio: 'ignore' });
  };
  try {
    zeroplane('up');
    const cluster = JSON.parse(readFileSync(join(state, 'cluster.json'), 'utf8')) as ClusterFile;
    const servers = await Promise.all(['a', 'b'].map((text) => serve(text, cluster.nodeCIDR.replace(/\.0\/.*/, '.1'))));
    const client = await Connection.open(endpointOf(cluster.port, state));
    try {
      return [await shifts(1, client, cluster, servers), await shifts(1000, client, cluster, servers)];
    } finally {
      client.close();
      for (const { server } of servers) server.close();
    }
  } finally {
    zeroplane('down', '--delete');
    rmSync(folder, { recursive: true, force: true });
  }
}

interface ClusterFile {
  port: number;
  nodeCIDR: string;
  nodes: { ip: string; netns: string }[];
}

interface Backend {
  server: Server;
  text: string;
  address: string;
  port: number;
}

function serve(text: string, address: string): Promise<Backend> {
  const server = createServer((_, response) => response.setHeader('connection', 'close').end(text));
  return new Promise((resolve) =>
    server.listen(0, address, () =>
      resolve({ server, text, address, port: (server.address() as { port: number }).port }),
    ),
  );
}

function endpointOf(port: number, state: string): Endpoint {
  const pem = (file: string) => readFileSync(join(state, 'pki', file), 'utf8');
  return { host: '127.0.0.1', port, ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key') };
}

async function shifts(
  services: number,
  client: Connection,
  { nodes: [node] }: ClusterFile,
  servers: readonly Backend[],
): Promise<ShiftFigures> {
  for (let i = services === 1 ? 0 : 1; i < services; i++) await addService(client, i, servers[0]!);
  const own: number[] = [];
  const reached = (text: string) => until(() => ask(node!.ip, FIRST_NODE_PORT), text);
  await reached('a');
  for (let i = 1; i <= SHIFTS; i++) {
    await new Promise((resolve) => setTimeout(resolve, APART_MS));
    const to = servers[i % 2]!;
    const body = JSON.stringify({ ports: [{ port: to.port }] });
    const contentType = 'application/merge-patch+json';
    await checked(client.request('PATCH', `${SLICES}/service-0`, { body, contentType }), 200);
    const begun = performance.now();
    await reached(to.text);
    own.push(performance.now() - begun);
  }
  return { services, own: both(own), nft: both(nftTimes(node!.netns)) };
}

async function addService(client: Connection, i: number, { address, port }: Backend): Promise<void> {
  const metadata = { name: `service-${i}` };
  const ports = [{ port: 80, ...(i === 0 && { nodePort: FIRST_NODE_PORT }) }];
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: i === 0 ? 'NodePort' : 'ClusterIP', ports },
  };
  await checked(client.request('POST', '/api/v1/namespaces/default/services', { body: JSON.stringify(service) }), 201);
  const labels = { 'kubernetes.io/service-name': metadata.name };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address] }],
    ports: [{ port }],
  };
  await checked(client.request('POST', SLICES, { body: JSON.stringify(slice) }), 201);
}

function ask(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const request = get({ host, port, agent: false, timeout: 500 }, async (response) => {
      resolve(Buffer.concat(await response.toArray()).toString());
    });
    request.on('error', () => resolve(''));
  });
}

async function until(probe: () => Promise<string>, text: string): Promise<void> {
  while ((await probe()) !== text);
}

/** A chain of the proxy's table emptied and filled with a rule again: the least that an endpoint's change is. */
function nftTimes(netns: string): number[] {
  const inside = [`--net=/run/netns/${netns}`, 'nft'];
  const list = execFileSync('nsenter', [...inside, 'list', 'table', 'ip', 'zeroplane'], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const chain = /chain (endpoint-\w+)/.exec(list)?.[1];
  const rule = 'meta l4proto tcp dnat to 192.0.2.1:80';
  const script = `add chain ip zeroplane bench\nflush chain ip zeroplane bench\nadd rule ip zeroplane bench ${rule}\n`;
  if (!chain) throw new Error('the proxy has made no endpoint');
  const times = Array.from({ length: SHIFTS }, () => {
    const begun = performance.now();
    execFileSync('nsenter', [...inside, '-f', '-'], { input: script });
    return performance.now() - begun;
  });
  execFileSync('nsenter', [...inside, 'delete', 'chain', 'ip', 'zeroplane', 'bench']);
  return times;
}

function both(samples: readonly number[]): { p50: number; p99: number } {
  return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
}
