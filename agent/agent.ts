import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isReason } from '../lib/api/status.ts';
import type { Node, PersistentVolume, Pod } from '../lib/api/types.ts';
import { createCaches, type SharedCaches } from '../lib/client/cache.ts';
import type { Client } from '../lib/client/client.ts';
import { createRecorder, type EventRecorder } from '../lib/client/events.ts';
import { ObjectCache } from '../lib/client/object-cache.ts';
import { reflect } from '../lib/client/reflector.ts';
import { nodes as nodeType, pods as podType, services as serviceType } from '../lib/client/resource-type.ts';
import type { Clock } from '../lib/runtime/clock.ts';
import type { Random } from '../lib/runtime/random.ts';
import type { AgentConfig, AgentContext, Log } from './context.ts';
import { Eviction, TRANSITION_MS } from './eviction/eviction.ts';
import type { ImageGCThresholds } from './eviction/image-gc.ts';
import { DEFAULT_THRESHOLDS, parseThresholds } from './eviction/thresholds.ts';
import { renewLease } from './node/lease.ts';
import type { Machine } from './node/machine.ts';
import { type MachineSource, machineSource, NodeRegistration } from './node/node.ts';
import { refusal } from './pods/admission.ts';
import { Cgroups, cgroupVersion, swapAccounting } from './pods/cgroups.ts';
import { containerEvents } from './pods/container-events.ts';
import { parseResolvConf } from './pods/dns.ts';
import type { PodEquipment } from './pods/equipment.ts';
import { Images } from './pods/images.ts';
import { rotateLogs } from './pods/log-rotation.ts';
import { Observer } from './pods/observe.ts';
import { Pods } from './pods/pods.ts';
import { NOT_ADMITTED, SHUTDOWN_GRACE } from './pods/shutdown.ts';
import { Prober } from './probes/prober.ts';
import type { Runtime } from './runtime-contract.ts';
import { Manifests } from './static-pods/manifests.ts';
import { Mirrors } from './static-pods/mirrors.ts';
import { runStaticPods } from './static-pods/run-static-pods.ts';
import type { ReadManifest } from './static-pods/static-pod.ts';
import { type PodStatusWriter, StatusWriter } from './status/status-writer.ts';
import { CsiVolumes, volumesInUse } from './volumes/csi/csi-volumes.ts';
import { Drivers } from './volumes/csi/drivers.ts';
import { KubeletRoot } from './volumes/csi/kubelet-root.ts';
import { lastKnown } from './volumes/last-known.ts';
import { type Mounter, systemMounter } from './volumes/mount.ts';
import { growLocal, isLocalInUse } from './volumes/persistent/local.ts';
import { PersistentVolumes } from './volumes/persistent/persistent.ts';
import { Places } from './volumes/persistent/places.ts';
import { Turns } from './volumes/persistent/turns.ts';
import { PodCertificates } from './volumes/pod-certificates.ts';
import { References } from './volumes/references.ts';
import { TokenKeeper } from './volumes/service-account-token.ts';
import { type ContentSource, clientSource } from './volumes/sources.ts';
import { Volumes } from './volumes/volumes.ts';

export interface AgentDependencies {
  client: Client;
  runtime: Runtime;
  clock: Clock;
  random: Random;
  log: Log;
  /** Replaced in tests. */
  mounter?: Mounter;
  machine?: MachineSource;
  /** How manifests of static pods are read. */
  readManifest?: ReadManifest;
}

/** On a machine that is its user's, the disk is filled by others: images would go for nothing. kind does the same. Under pressure they go all the same. */
const NO_IMAGE_GC: ImageGCThresholds = { high: 100, low: 100 };

/** A node's agent at work. */
export interface Agent {
  /** The pods of this node, as the API has them. */
  readonly pods: ObjectCache<Pod>;
  /** This node's object alone. */
  readonly nodes: ObjectCache<Node>;
  /** Caches for the other parts of the process: service proxy, DNS. */
  readonly caches: SharedCaches;
  readonly recorder: EventRecorder;
  /** A mounted `local` volume's device has grown. */
  growFileSystem(volume: PersistentVolume): Promise<boolean>;
  /** A pod has the `local` volume mounted. */
  localVolumeInUse(volume: string): Promise<boolean>;
  /** The Node says Ready. */
  readonly ready: boolean;
  /** The node goes down: ends what runs on it, with its grace. `stop` is still to come. */
  shutDown(): Promise<void>;
  /** Ends the agent, never what runs on the node. */
  stop(): Promise<void>;
}

/** kubelet as a reconciler: registers the node, renews its lease, runs its pods. Resolves once it is at work. */
export async function startAgent(config: AgentConfig, dependencies: AgentDependencies): Promise<Agent> {
  const { client, runtime, clock, random, log } = dependencies;
  const context: AgentContext = { config, client, runtime, clock, random, log };
  const abort = new AbortController();
  const { signal } = abort;
  await Promise.all([config.podsDir, config.logsDir].map((folder) => mkdir(folder, { recursive: true, mode: 0o750 })));

  const source = dependencies.machine ?? machineSource(config.podsDir);
  const recorder = createRecorder(client, { component: 'kubelet', host: config.nodeName, clock, random });
  const eviction = new Eviction({
    context,
    source,
    recorder,
    thresholds: parseThresholds(config.evictionHard ?? DEFAULT_THRESHOLDS),
    transitionMs: config.evictionPressureTransitionMs ?? TRANSITION_MS,
    imageGC: config.imageGC ?? NO_IMAGE_GC,
    pods: () => pods,
  });
  const shutdown = { begun: false };
  const nodeCache = new ObjectCache<Node>(nodeType);
  const registration = new NodeRegistration(
    context,
    source,
    () => eviction.pressures(),
    recorder,
    () => volumesInUse(config.podsDir),
    () => nodeCache.get(config.nodeName),
    () => shutdown.begun,
  );
  const onError = (error: unknown, resource: string) => log('cannot follow a resource', { resource, error });
  const caches = createCaches(client, { clock, random, onError });
  caches.cache(serviceType);
  caches.start(signal);
  const podCache = new ObjectCache<Pod>(podType);
  const follow = { clock, random, signal, onError };

  const mounter = dependencies.mounter ?? systemMounter;
  const node = () => nodeCache.get(config.nodeName) ?? registration.node;
  const root = new KubeletRoot(dirname(config.podsDir));
  const places = new Places(root.folder, config.podsDir);
  const drivers = new Drivers(context, root, node);
  const machine = await source.machine();
  const parts: Parts = {
    context,
    recorder,
    caches,
    podCache,
    node,
    mounter,
    signal,
    machine,
    root,
    places,
    drivers,
    shutdown,
    report: () => registration.report(),
  };
  const { pods, mirrors } = await createPods(parts);
  const { manifestsDir, nodeName } = config;
  const { readManifest } = dependencies;
  const manifests = manifestsDir && readManifest && new Manifests(manifestsDir, nodeName, readManifest, log);
  // What ran here before the agent started is not to be taken for a pod that nobody knows.
  if (manifests) pods.setStatic(await manifests.pods());
  const running = [
    registration.run(signal),
    renewLease(context, () => registration.node, signal),
    rotateLogs(context, signal),
    reflect(client, nodeCache, { ...follow, fieldSelector: `metadata.name=${config.nodeName}` }),
    reflect(client, podCache, { ...follow, fieldSelector: `spec.nodeName=${config.nodeName}` }),
    // A pod is judged by what the node says of itself, and told of the services around it.
    Promise.all([caches.synced(signal), registration.registered(signal)]).then(() =>
      Promise.all([pods.run(signal), eviction.run(signal), drivers.run(signal)]),
    ),
    ...(manifests
      ? [podCache.whenSynced(signal).then(() => runStaticPods(context, manifests, pods, mirrors, signal))]
      : []),
  ];
  return {
    pods: podCache,
    nodes: nodeCache,
    caches,
    recorder,
    growFileSystem: (volume) => growLocal({ places, mounter }, volume),
    localVolumeInUse: (volume) => isLocalInUse(places, volume),
    get ready() {
      return registration.ready;
    },
    async shutDown() {
      shutdown.begun = true;
      log('the node shuts down');
      // Best effort: a control plane that went down before is not waited for.
      void registration.report().catch(() => undefined);
      await pods.shutDown(config.shutdownGrace ?? SHUTDOWN_GRACE);
    },
    async stop() {
      abort.abort();
      await Promise.all(running);
    },
  };
}

interface Parts {
  context: AgentContext;
  recorder: EventRecorder;
  caches: SharedCaches;
  podCache: ObjectCache<Pod>;
  node: () => Node;
  mounter: Mounter;
  signal: AbortSignal;
  machine: Machine;
  root: KubeletRoot;
  places: Places;
  drivers: Drivers;
  shutdown: { readonly begun: boolean };
  /** Writes the Node's status now. */
  report: () => Promise<void>;
}

async function createPods(parts: Parts): Promise<{ pods: Pods; mirrors: Mirrors }> {
  const { context, podCache: cache, node, signal } = parts;
  const { client, clock, random, log } = context;
  // The pods and what they are made with know each other: changes come back through `pods`.
  const writer = new StatusWriter({ client, clock, random, log, signal, written: (pod) => pods.written(pod) });
  const mirrors = new Mirrors({ client, cache, writer, node });
  const pods: Pods = new Pods(context, cache, await equip(parts, mirrors, () => pods));
  return { pods, mirrors };
}

async function equip(parts: Parts, writer: PodStatusWriter, pods: () => Pods): Promise<PodEquipment> {
  const { context, recorder, caches, node, mounter, signal, machine } = parts;
  const { client, clock, random, log, config, runtime } = context;
  const tokens = new TokenKeeper(client, clock, random);
  const changed = (uid: string) => pods().volumesChanged(uid);
  const nodeUid = () => node().metadata?.uid ?? '';
  const certificates = new PodCertificates({ context, recorder, nodeUid, changed });
  const content: ContentSource = lastKnown(
    clientSource(client, {
      token: (pod, request) => tokens.token(pod, request),
      certificate: (pod, place, source) => certificates.get(pod, place, source),
    }),
  );
  const version = await cgroupVersion(config.cgroupMount);
  const cgroups = new Cgroups(config, version, () => pods().active(), log);
  const prober = new Prober(context, recorder, (uid) => pods().wake(uid));
  const references = new References(context, changed);
  const images = new Images({ runtime, clock, content });
  const turns = new Turns();
  const csi = new CsiVolumes({
    context,
    content,
    mounter,
    drivers: parts.drivers,
    root: parts.root,
    turns,
    report: parts.report,
  });
  const persistent = new PersistentVolumes({ client, recorder, csi, places: parts.places, mounter, turns });
  const volumes = new Volumes({ context, content, mounter, persistent, root: parts.root });
  const allocatable = () => stringQuantities(node().status?.allocatable ?? {});
  signal.addEventListener('abort', () => {
    prober.stop();
    references.stop();
    certificates.stop();
  });
  return {
    context,
    recorder,
    observer: new Observer(runtime),
    images,
    volumes,
    content,
    services: caches.cache(serviceType),
    node: {
      memoryBytes: machine.memoryBytes,
      milliCpus: machine.cpus * 1000,
      minOomScoreAdj: await ownOomScoreAdj(),
      cgroups: version,
      swapAccounting: await swapAccounting(config.cgroupMount, version),
    },
    allocatable,
    prober,
    writer,
    references,
    renewAt: (uid) => earliest(tokens.renewAt(uid), certificates.renewAt(uid)),
    cgroups,
    nodeDns: parseResolvConf(await readFile(config.resolvConf, 'utf8')),
    events: (pod, name) => containerEvents(recorder, pod, name),
    setUpVolumes: (pod, podIPs) => volumes.setUp(pod, downwardFacts(config, podIPs, allocatable())),
    refusal: (pod) => (parts.shutdown.begun ? NOT_ADMITTED : refusal(pod, pods().active(pod.metadata?.uid), node())),
    forget(uid) {
      prober.forget(uid);
      references.forget(uid);
      tokens.forget(uid);
      certificates.forget(uid);
      writer.forget(uid);
      images.forget(uid);
    },
    unlessGone(error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    },
  };
}

function earliest(...times: (number | undefined)[]): number | undefined {
  const known = times.filter((at) => at !== undefined);
  return known.length ? Math.min(...known) : undefined;
}

function downwardFacts(config: AgentConfig, podIPs: readonly string[], allocatable: Record<string, string>) {
  return { podIPs, hostIPs: config.nodeIPs, nodeName: config.nodeName, allocatable };
}

function stringQuantities(amounts: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
}

/** Without CAP_SYS_RESOURCE nothing may be set lower than we have ourselves (proc(5), oom_score_adj). */
async function ownOomScoreAdj(): Promise<number> {
  const own = Number((await readFile('/proc/self/oom_score_adj', 'utf8')).trim());
  const capabilities = /^CapEff:\s+([0-9a-f]+)$/m.exec(await readFile('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const CAP_SYS_RESOURCE = 24n;
  const capable = (BigInt(`0x${capabilities}`) >> CAP_SYS_RESOURCE) & 1n;
  return capable ? MIN_OOM_SCORE_ADJ : own;
}

const MIN_OOM_SCORE_ADJ = -1000;
