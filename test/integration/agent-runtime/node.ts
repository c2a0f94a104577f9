/** Runs in a node's network namespace: containerd and the agent's server over pods that the test writes to a file. */
import { readFileSync } from 'node:fs';
import { cniConfig } from '../../../agent/network/cni.ts';
import { setUpNodeNetwork } from '../../../agent/network/node-network.ts';
import { startContainerd } from '../../../agent/runtime/containerd/containerd.ts';
import { containerdPaths } from '../../../agent/runtime/containerd/paths.ts';
import { startServer } from '../../../agent/server/server.ts';
import type { Pod } from '../../../lib/api/types.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import { systemRandom } from '../../../lib/runtime/random.ts';

const [folder = '', address = ''] = process.argv.slice(2);
const clock = systemClock;
const log = (message: string, fields?: object) => console.error(message, fields);
const pods = () => JSON.parse(readFileSync(`${folder}/pods.json`, 'utf8')) as Pod[];
const keepAlive = setInterval(() => undefined, 60_000);

await setUpNodeNetwork([]);
const containerd = await startContainerd({
  folder: `${folder}/containerd`,
  cniConfig: cniConfig({ podCIDRs: ['10.78.1.0/24'], stateFolder: containerdPaths(`${folder}/containerd`).cniState }),
  cniBinaries: '/usr/lib/cni',
  clock,
  log,
});
const server = await startServer({
  nodeName: 'node-1',
  pods: { list: pods, get: (key) => pods().find((p) => `${p.metadata?.namespace}/${p.metadata?.name}` === key) },
  runtime: containerd.runtime,
  clock,
  log,
  random: systemRandom,
  healthy: () => true,
  config: {},
  certFile: `${folder}/pki/kubelet.crt`,
  keyFile: `${folder}/pki/kubelet.key`,
  clientCaFile: `${folder}/pki/ca.crt`,
  address,
  port: 0,
});
console.log(server.port);
process.once('SIGTERM', async () => {
  clearInterval(keepAlive);
  containerd.release();
  await server.close();
});
