import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Agent, startAgent } from '../../../agent/agent.ts';
import type { AgentConfig } from '../../../agent/context.ts';
import type { Stored } from '../../../lib/api/object.ts';
import { isReason } from '../../../lib/api/status.ts';
import type { Event, Pod } from '../../../lib/api/types.ts';
import type { Client } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { events, pods } from '../../../lib/client/resource-type.ts';
import { type FakeApiserver, fakeApiserver } from '../../fakes/apiserver.ts';
import { type FakeClock, fakeClock } from '../../fakes/clock.ts';
import { seededRandom } from '../../fakes/random.ts';
import { type FakeRuntime, fakeRuntime } from '../../fakes/runtime.ts';

/** A node's agent between a stand-in for the apiserver and one for the container runtime, on a clock that stands still. */
export interface NodeUnderTest {
  client: Client;
  apiserver: FakeApiserver;
  clock: FakeClock;
  runtime: FakeRuntime;
  agent: Agent;
  config: AgentConfig;
  logged: { message: string; fields: unknown }[];
  create(pod: Partial<Pod> & { metadata?: Pod['metadata'] }): Promise<Stored<Pod>>;
  get(name: string): Promise<Stored<Pod> | undefined>;
  /** Resolves with the pod once it is so. The clock is moved on in steps when `stepMs` is given. */
  until(
    name: string,
    condition: (pod: Stored<Pod> | undefined) => boolean | Promise<boolean>,
    stepMs?: number,
  ): Promise<Stored<Pod>>;
  eventReasons(): Promise<string[]>;
  events(): Promise<Event[]>;
  /** The agent's process ends and begins anew; what runs goes on running. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Turns of the event loop that a condition may take: files are real, and may be slow. */
const MAX_TURNS = 20_000;
/** Memory where there is some: a busy disk must not decide a test. */
const SCRATCH = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export async function nodeUnderTest(): Promise<NodeUnderTest> {
  const folder = await mkdtemp(join(SCRATCH, 'agent-'));
  await writeFile(join(folder, 'resolv.conf'), 'nameserver 192.0.2.1\n');
  const clock = fakeClock();
  const apiserver = fakeApiserver(() => clock.now());
  const client = createClient((request) => apiserver.fetch(request), { userAgent: 'test' });
  const runtime = fakeRuntime(clock);
  const config = configIn(folder);
  const logged: NodeUnderTest['logged'] = [];
  const start = () =>
    startAgent(config, {
      client,
      runtime,
      clock,
      random: seededRandom(1),
      log: (message, fields) => logged.push({ message, fields }),
      mounter: { tmpfs: async () => {}, bind: async () => {}, unmount: async () => {}, below: async () => [] },
      machine: MACHINE,
    });
  const get = (name: string) =>
    client.get(pods, { namespace: 'default', name }).catch((error: unknown) => {
      if (!isReason(error, 'NotFound')) throw error;
      return undefined;
    });
  const node: NodeUnderTest = {
    client,
    apiserver,
    clock,
    runtime,
    config,
    logged,
    agent: await start(),
    create: (pod) =>
      client.create(pods, {
        ...pod,
        metadata: { namespace: 'default', ...pod.metadata },
        spec: { containers: [{ name: 'c', image: 'i' }], ...pod.spec, nodeName: config.nodeName },
      }),
    get,
    async until(name, condition, stepMs = 0) {
      for (let turn = 0; turn < MAX_TURNS; turn++) {
        const pod = await get(name);
        if (await condition(pod)) return pod!;
        await clock.advance(stepMs);
      }
      throw new Error(`still not so: ${JSON.stringify(await get(name), undefined, 1)}\n${JSON.stringify(logged)}`);
    },
    async eventReasons() {
      return (await node.events()).map(({ reason = '' }) => reason);
    },
    async events() {
      await node.agent.recorder.flush();
      const { items } = await client.list(events as typeof events & { object?: Event });
      return items.filter(({ involvedObject }) => involvedObject.kind === 'Pod');
    },
    async restart() {
      await node.agent.stop();
      node.agent = await start();
    },
    async end() {
      await node.agent.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return node;
}

function configIn(folder: string): AgentConfig {
  return {
    nodeName: 'n1',
    nodeIPs: ['192.0.2.10'],
    podCIDR: '10.244.0.0/24',
    podsDir: join(folder, 'pods'),
    logsDir: join(folder, 'logs'),
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    resolvConf: join(folder, 'resolv.conf'),
    version: 'v1.37.2+zeroplane.0.1.0',
    kubeletPort: 10250,
    maxPods: 110,
    cgroupRoot: 'test',
    cgroupMount: join(folder, 'cgroup'),
    containerLogMaxBytes: 1 << 20,
    containerLogMaxFiles: 2,
  };
}

const MACHINE = {
  machine: async () => ({
    cpus: 4,
    memoryBytes: 8 * 1024 ** 3,
    diskBytes: 100 * 1024 ** 3,
    hugepages: { 'hugepages-2Mi': 0 },
    architecture: 'amd64',
    kernelVersion: '6.1',
    osImage: 'Debian',
    machineID: 'm',
    systemUUID: 's',
    bootID: 'b',
  }),
  readings: async () => ({
    'memory.available': { available: 4 * 1024 ** 3, capacity: 8 * 1024 ** 3 },
    'nodefs.available': { available: 50 * 1024 ** 3, capacity: 100 * 1024 ** 3 },
    'nodefs.inodesFree': { available: 1e6, capacity: 2e6 },
    'pid.available': { available: 10_000, capacity: 32_768 },
  }),
};
