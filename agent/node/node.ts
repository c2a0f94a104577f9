import { isDeepStrictEqual } from 'node:util';
import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { Node, NodeStatus } from '../../lib/api/types.ts';
import type { EventRecorder } from '../../lib/client/events.ts';
import { nodes } from '../../lib/client/resource-type.ts';
import { delay, timestamp } from '../../lib/runtime/clock.ts';
import { type Backoff, backoffMs } from '../../lib/runtime/queue.ts';
import type { AgentContext } from '../context.ts';
import type { Pressure, Readings } from '../eviction/thresholds.ts';
import type { RuntimeStatus } from '../runtime-contract.ts';
import { mergeNodeConditions, nodeConditions } from './conditions.ts';
import { type Machine, readMachine, readReadings } from './machine.ts';
import { nodeEvents } from './node-events.ts';
import { initialNode, nodeStatus } from './node-object.ts';

/** How often the status is compared; it is written when it changed, and at least every five minutes. Source: nodeStatusUpdateFrequency, nodeStatusReportFrequency. */
const COMPARE_MS = 10_000;
const REPORT_MS = 300_000;
/** Until the node is ready the runtime is asked more often. Source: kubelet fastStatusUpdateOnce. */
const NOT_READY_MS = 200;
/** Spread: all nodes lose the control plane at once, and find it again at once. */
const RETRY: Backoff = { baseMs: 200, maxMs: 30_000, jitter: 1 };

/** What the node reads of the machine. Replaced in tests. */
export interface MachineSource {
  machine(): Promise<Machine>;
  readings(): Promise<Readings>;
}

export function machineSource(stateDir: string): MachineSource {
  return { machine: () => readMachine(stateDir), readings: () => readReadings(stateDir) };
}

/** This node's Node: registered, and its status kept true. */
export class NodeRegistration {
  readonly #context: AgentContext;
  readonly #source: MachineSource;
  readonly #pressures: () => Promise<ReadonlySet<Pressure>>;
  readonly #recorder: EventRecorder;
  readonly #volumesInUse: () => Promise<string[]>;
  readonly #seen: () => Stored<Node> | undefined;
  readonly #shuttingDown: () => boolean;
  #node: Stored<Node> | undefined;
  /** As it was when events were last told. */
  #spec: Node['spec'];
  #reportedAtMs = 0;
  readonly #registered = Promise.withResolvers<void>();

  constructor(
    context: AgentContext,
    source: MachineSource,
    pressures: () => Promise<ReadonlySet<Pressure>>,
    recorder: EventRecorder,
    volumesInUse: () => Promise<string[]>,
    seen: () => Stored<Node> | undefined,
    shuttingDown: () => boolean,
  ) {
    this.#context = context;
    this.#source = source;
    this.#pressures = pressures;
    this.#recorder = recorder;
    this.#volumesInUse = volumesInUse;
    this.#seen = seen;
    this.#shuttingDown = shuttingDown;
  }

  /** As the API has it; before registration as it will be. */
  get node(): Node {
    return this.#node ?? { metadata: { name: this.#context.config.nodeName } };
  }

  get ready(): boolean {
    return this.#node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
  }

  /** Resolves when the API has the node and its status, or the signal aborts. */
  registered(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#registered.resolve(), { once: true });
    return this.#registered.promise;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#context;
    let failures = 0;
    this.#tell('Starting', 'Starting kubelet.');
    while (!signal.aborted) {
      try {
        await this.#once();
        failures = 0;
      } catch (error) {
        log('cannot report the state of the node', { error });
        if (isReason(error, 'NotFound')) this.#node = undefined;
        await delay(clock, backoffMs(failures++, random, RETRY), signal);
        continue;
      }
      await delay(clock, this.ready ? COMPARE_MS : NOT_READY_MS, signal);
    }
  }

  /** What others wait for is told at once. */
  report(): Promise<void> {
    return this.#once();
  }

  async #once(): Promise<void> {
    const machine = await this.#source.machine();
    this.#node ??= await this.#register(machine);
    this.#node = this.#newest(this.#node);
    const status = await this.#status(machine);
    const { clock, client, config } = this.#context;
    const before = { spec: this.#spec ?? this.#node.spec, status: this.#node.status };
    const due = clock.now() - this.#reportedAtMs >= REPORT_MS;
    const changed = due || !sameStatus(before.status, status);
    const patch = { type: 'strategic', body: { status: withReplacedLists(status) } } as const;
    if (changed) this.#node = await client.patch(nodes, { name: config.nodeName }, patch, { subresource: 'status' });
    this.#spec = this.#node.spec ?? {};
    for (const reason of nodeEvents(before, this.#node))
      this.#tell(reason, `Node ${config.nodeName} status is now: ${reason}`);
    if (!changed) return;
    this.#reportedAtMs = clock.now();
    this.#registered.resolve();
  }

  /** What others wrote meanwhile is answered: a node that was cut off is said to be Unknown, and nobody but its agent takes that back. */
  #newest(own: Stored<Node>): Stored<Node> {
    const seen = this.#seen();
    const isNewer = Number(seen?.metadata.resourceVersion) > Number(own.metadata.resourceVersion);
    return seen && isNewer && seen.metadata.uid === own.metadata.uid ? seen : own;
  }

  /** kubelet gives its Events the node's name as uid, as `kubectl describe node` expects. */
  #tell(reason: string, message: string): void {
    const { nodeName } = this.#context.config;
    this.#recorder.normal({ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName }, reason, message);
  }

  async #register(machine: Machine): Promise<Stored<Node>> {
    const { client, config } = this.#context;
    const wanted = initialNode(config, machine);
    try {
      return await client.create(nodes, wanted);
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
    const found = await client.get(nodes, { name: config.nodeName });
    const labels = wanted.metadata!.labels!;
    const lacking = Object.entries(labels).some(([key, value]) => found.metadata.labels?.[key] !== value);
    if (!lacking) return found;
    return client.patch(nodes, { name: config.nodeName }, { type: 'strategic', body: { metadata: { labels } } });
  }

  async #status(machine: Machine): Promise<NodeStatus> {
    const { runtime, config, clock } = this.#context;
    const [state, version, images, pressures, inUse] = await Promise.all([
      runtime.status().catch((error: unknown): RuntimeStatus | Error => asError(error)),
      runtime.version().catch(() => ({ runtimeName: 'containerd', runtimeVersion: '', runtimeApiVersion: '' })),
      runtime.listImages().catch(() => []),
      this.#pressures(),
      this.#volumesInUse(),
    ]);
    const conditions = nodeConditions({ runtime: state, pressures, shuttingDown: this.#shuttingDown() });
    return {
      ...nodeStatus(config, machine, version, images),
      ...(inUse.length > 0 || this.#node?.status?.volumesInUse ? { volumesInUse: inUse } : {}),
      conditions: mergeNodeConditions(this.#node?.status?.conditions ?? [], conditions, timestamp(clock)),
    };
  }
}

const asError = (error: unknown) => (error instanceof Error ? error : new Error(String(error)));

/** Heartbeats are the Lease's matter: they alone are no change. */
function sameStatus(old: NodeStatus | undefined, wanted: NodeStatus): boolean {
  const picked = Object.keys(wanted).map((field) => [
    old?.[field as keyof NodeStatus],
    wanted[field as keyof NodeStatus],
  ]);
  return picked.every(([a, b]) => isDeepStrictEqual(withoutHeartbeat(a), withoutHeartbeat(b)));
}

function withoutHeartbeat(value: unknown): unknown {
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value, (key, field) => (key === 'lastHeartbeatTime' ? undefined : field)));
}

/** Addresses merge by type in a strategic patch; an old one must go. */
function withReplacedLists(status: NodeStatus): object {
  return { ...status, addresses: [{ $patch: 'replace' }, ...(status.addresses ?? [])] };
}
