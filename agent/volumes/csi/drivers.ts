import { watch } from 'node:fs';
import { lstat, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { CSINodeDriver, Node } from '../../../lib/api/types.ts';
import { nodes } from '../../../lib/client/resource-type.ts';
import { delay } from '../../../lib/runtime/clock.ts';
import type { AgentContext } from '../../context.ts';
import { VolumeError } from '../payload.ts';
import { callSocket } from './call.ts';
import { writeCsiNode } from './csi-node.ts';
import type { KubeletRoot } from './kubelet-root.ts';
import { NodeDefinition, NodeServiceCapability_RPC_Type } from './proto/csi.ts';
import { RegistrationDefinition } from './proto/registration.ts';

/** Where drivers put the sockets by which they register. */
const REGISTRY = 'plugins_registry';
/** A watch of the folder tells at once; this finds what it missed, and tries anew what failed. */
const LOOK_MS = 10_000;
/** After a change of the folder: a socket may be there before its server. */
const SETTLE_MS = 100;
const SUPPORTED = ['1.0.0'];

export interface Driver {
  name: string;
  /** Its socket, on the machine. */
  socket: string;
}

/** Drivers of this node, by the kubelet's plugin registration protocol. Source: pkg/kubelet/pluginmanager, pkg/volume/csi. */
export class Drivers {
  readonly #context: Pick<AgentContext, 'client' | 'clock' | 'log'>;
  readonly #root: KubeletRoot;
  readonly #node: () => Node;
  readonly #drivers = new Map<string, Driver>();
  /** By registration socket: the driver behind it, and which file it was. */
  readonly #registered = new Map<string, { name: string; inode: string }>();
  #wake: () => void = () => {};

  constructor(context: Pick<AgentContext, 'client' | 'clock' | 'log'>, root: KubeletRoot, node: () => Node) {
    this.#context = context;
    this.#root = root;
    this.#node = node;
  }

  get(name: string): Driver {
    const driver = this.#drivers.get(name);
    if (driver) return driver;
    throw new VolumeError(`driver name ${name} not found in the list of registered CSI drivers`);
  }

  async capabilities({ socket }: Driver): Promise<ReadonlySet<number>> {
    const { capabilities } = await callSocket(socket, NodeDefinition, NodeDefinition.methods.nodeGetCapabilities, {});
    return new Set((capabilities ?? []).map(({ rpc }) => rpc?.type ?? NodeServiceCapability_RPC_Type.UNKNOWN));
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log, client } = this.#context;
    const folder = join(this.#root.folder, REGISTRY);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    await writeCsiNode(client, this.#node(), (drivers) => [...drivers]).catch((error: unknown) =>
      log('cannot write the CSINode', { error }),
    );
    const watcher = watch(folder, { persistent: false }, () => this.#wake());
    while (!signal.aborted) {
      const changed = new AbortController();
      this.#wake = () => changed.abort();
      await this.#look(folder).catch((error: unknown) => log('cannot look for drivers', { folder, error }));
      await delay(clock, LOOK_MS, AbortSignal.any([signal, changed.signal]));
      if (changed.signal.aborted) await delay(clock, SETTLE_MS, signal);
    }
    watcher.close();
  }

  async #look(folder: string): Promise<void> {
    const sockets = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isSocket());
    const present = new Set(sockets.map(({ name }) => join(folder, name)));
    for (const path of [...this.#registered.keys()]) if (!present.has(path)) await this.#deregister(path);
    for (const path of present) await this.#ensure(path);
  }

  async #ensure(path: string): Promise<void> {
    const { ino, ctimeMs } = await lstat(path);
    const inode = `${ino}/${ctimeMs}`;
    if (this.#registered.get(path)?.inode === inode) return;
    try {
      const name = await this.#register(path);
      if (name) this.#registered.set(path, { name, inode });
    } catch (error) {
      this.#context.log('cannot register a plugin', { socket: path, error });
    }
  }

  async #register(path: string): Promise<string | undefined> {
    const { getInfo, notifyRegistrationStatus } = RegistrationDefinition.methods;
    const info = await callSocket(path, RegistrationDefinition, getInfo, {});
    const notify = (pluginRegistered: boolean, error: string) =>
      callSocket(path, RegistrationDefinition, notifyRegistrationStatus, { pluginRegistered, error });
    const { type, name = '', endpoint = '', supportedVersions = [] } = info;
    if (type !== 'CSIPlugin') {
      await notify(false, `no handler registered for plugin type: ${type} at socket ${this.#root.asSeen(path)}`);
      return undefined;
    }
    if (!supportedVersions.some((version) => SUPPORTED.includes(version) || version.startsWith('v1'))) {
      await notify(false, `none of the CSI versions reported by this driver are supported: ${supportedVersions}`);
      return undefined;
    }
    const driver = { name, socket: this.#root.onHost(endpoint) || path };
    await this.#tellCluster(driver);
    this.#drivers.set(name, driver);
    await notify(true, '');
    return name;
  }

  async #tellCluster({ name, socket }: Driver): Promise<void> {
    const info = await callSocket(socket, NodeDefinition, NodeDefinition.methods.nodeGetInfo, {});
    const limit = Number(info.maxVolumesPerNode ?? 0n);
    const topologyKeys = Object.keys(info.accessibleTopology?.segments ?? {}).sort();
    const entry: CSINodeDriver = {
      name,
      nodeID: info.nodeId ?? '',
      topologyKeys,
      ...(limit > 0 ? { allocatable: { count: limit } } : {}),
    };
    await this.#labelNode(info.accessibleTopology?.segments ?? {});
    const { client } = this.#context;
    await writeCsiNode(client, this.#node(), (drivers) => [...drivers.filter((one) => one.name !== name), entry]);
  }

  /** A driver's topology becomes labels of the node. */
  async #labelNode(segments: Record<string, string>): Promise<void> {
    const { name = '', labels = {} } = this.#node().metadata ?? {};
    if (Object.entries(segments).every(([key, value]) => labels[key] === value)) return;
    await this.#context.client.patch(nodes, { name }, { type: 'merge', body: { metadata: { labels: segments } } });
  }

  async #deregister(path: string): Promise<void> {
    const { name } = this.#registered.get(path)!;
    this.#registered.delete(path);
    if ([...this.#registered.values()].some((other) => other.name === name)) return;
    this.#drivers.delete(name);
    const { client } = this.#context;
    await writeCsiNode(client, this.#node(), (drivers) => drivers.filter((one) => one.name !== name));
  }
}
