import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { addressAt, contains, parseCidr } from '../../../lib/cluster/network/cidr.ts';
import { ipBatch, ipJson, run } from '../../../lib/cluster/network/ip.ts';
import { netnsOf, type VpcState } from './tear-down.ts';

export interface Vpc {
  /** The router's address: the machine that the test runs on. */
  router: string;
  connect(instanceId: string, address: string, prefixes: readonly string[]): Promise<{ mac: string }>;
  /** What this machine serves on a port of 127.0.0.1 answers at the router's address too. */
  forward(port: number): Promise<void>;
  /** Instances ask 169.254.169.254; this port of the router answers. */
  serveMetadataFrom(port: number): Promise<void>;
  close(): Promise<void>;
}

const METADATA = '169.254.169.254';

/** A bridge that plays a VPC: every packet between instances passes its router, which knows whose a delegated prefix is. */
export async function createVpc(state: string, cidr: string, mountPoints: string[]): Promise<Vpc> {
  const range = parseCidr(cidr);
  const router = addressAt(range, 1);
  await assertFree(cidr);
  const bridge = `zpn${process.pid % 100_000}`;
  const table = `zeroplane-test-${bridge}`;
  mkdirSync(state, { recursive: true });
  writeFileSync(join(state, 'vpc.json'), JSON.stringify({ bridge, table, mountPoints } satisfies VpcState));
  await ipBatch([
    `link add ${bridge} type bridge`,
    `address add ${router}/${range.bits} dev ${bridge}`,
    `link set ${bridge} up`,
  ]);
  await run(['sysctl', '-qw', 'net.ipv4.ip_forward=1', `net.ipv4.conf.${bridge}.send_redirects=0`]);
  const forwarders: Server[] = [];
  let count = 0;
  return {
    router,
    async connect(instanceId, address, prefixes) {
      const [netns, port] = [netnsOf(instanceId), `${bridge}p${++count}`];
      await run(['ip', 'netns', 'add', netns]);
      await ipBatch([
        `link add ${port} type veth peer name eth0 netns ${netns}`,
        `link set ${port} master ${bridge}`,
        `link set ${port} up`,
      ]);
      await ipBatch(
        [
          'link set lo up',
          `address add ${address}/32 dev eth0`,
          'link set eth0 up',
          `route add ${router} dev eth0 scope link`,
          `route add default via ${router} src ${address}`,
        ],
        netns,
      );
      await ipBatch(prefixes.map((prefix) => `route add ${prefix} via ${address} dev ${bridge}`));
      const [link] = JSON.parse(await run(['ip', '-n', netns, '-json', 'link', 'show', 'eth0']));
      return { mac: link.address };
    },
    async forward(port) {
      const server = createServer((socket) => {
        const other = connect(port, '127.0.0.1');
        for (const [from, to] of [
          [socket, other],
          [other, socket],
        ] as const) {
          from.on('error', () => to.destroy());
          from.pipe(to);
        }
      });
      forwarders.push(server);
      await new Promise<void>((resolve, reject) => {
        // Whoever listens at every address needs nobody.
        server.once('error', (error: NodeJS.ErrnoException) =>
          error.code === 'EADDRINUSE' ? resolve() : reject(error),
        );
        server.listen(port, router, resolve);
      });
    },
    async serveMetadataFrom(port) {
      const rule = `iifname "${bridge}" ip daddr ${METADATA} tcp dport 80 dnat to ${router}:${port}`;
      const chain = `type nat hook prerouting priority dstnat;\n${rule}\n`;
      await run(['nft', '-f', '-'], `table ip ${table} {\nchain prerouting {\n${chain}}\n}\n`);
    },
    async close() {
      for (const server of forwarders) server.close();
    },
  };
}

async function assertFree(cidr: string): Promise<void> {
  const routes = await ipJson('-4', 'route', 'show', 'table', 'main');
  const taken = routes.find(({ dst }) => dst !== 'default' && contains(parseCidr(cidr), String(dst).split('/')[0]!));
  if (taken) throw new Error(`this machine has a route to ${taken.dst} already, which is of the VPC's range ${cidr}`);
}
