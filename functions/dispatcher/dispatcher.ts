import { isReason } from '../../lib/api/status.ts';
import { EVERYTHING, encodeNotice, type Notice } from '../../lib/client/notices.ts';
import { eachBounded } from '../../lib/runtime/bounded.ts';
import { ClusterView } from './cluster-view.ts';
import type { LogReader } from './log-reader.ts';
import { planNotices } from './plan-notices.ts';

export interface DispatcherOptions {
  log: LogReader;
  checkpoint: DispatcherCheckpoint;
  /** False: there is no such queue (any more). */
  send(queueUrl: string, body: string): Promise<boolean>;
}

/** Up to which revision nodes were told. */
export interface DispatcherCheckpoint {
  read(): Promise<number | undefined>;
  /** Only ever rises. */
  raise(revision: number): Promise<void>;
}

export interface Dispatcher {
  /** Tells every node what moved since the last time. Throws if somebody could not be told: then all are told again. */
  run(): Promise<void>;
}

const MAX_IN_FLIGHT = 16;
/** Revisions of which nobody had to be told, before that is noted. */
const MAX_BEHIND = 64;

/**
 * Several may run at once: a notice may come twice, and says only what has moved. So there is no lease: the checkpoint rises when all were told.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new Notifier(options);
}

class Notifier implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #view = new ClusterView();
  /** What the view is as of. */
  #seen: number | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const told = await this.#options.checkpoint.read();
    try {
      await this.#tell(told);
    } catch (error) {
      // What was read is in the view, and would not be read again.
      this.#seen = undefined;
      if (!isReason(error, 'Expired')) throw error;
      await this.#tellAll();
    }
  }

  /** From the older of view and checkpoint: the view must miss nothing, and no node either. */
  async #tell(told: number | undefined): Promise<void> {
    const from = Math.min(this.#seen ?? (await this.#load()), told ?? Infinity);
    const { changes, revision } = await this.#options.log.changes(from);
    const notices = planNotices(changes, this.#view);
    const fresh = [...notices].filter(([, notice]) => told === undefined || notice.revision > told);
    await this.#sendAll(fresh);
    this.#seen = revision;
    // Most changes are heartbeats, of which nobody is told.
    const isBehind = told === undefined || revision - told > MAX_BEHIND;
    if (isBehind || fresh.length > 0) await this.#options.checkpoint.raise(revision);
  }

  /** Nobody knows what was missed: so every node looks at all that it holds. */
  async #tellAll(): Promise<void> {
    const revision = await this.#load();
    const everything = { revision, resources: [EVERYTHING] };
    await this.#sendAll([...this.#view.nodes()].map(([name]) => [name, everything]));
    this.#seen = revision;
    await this.#options.checkpoint.raise(revision);
  }

  async #load(): Promise<number> {
    const { log } = this.#options;
    this.#view.clear();
    const nodes = await log.list('nodes');
    for (const node of nodes.objects) this.#view.setNode(node.metadata.name, node);
    const pods = await log.list('pods');
    for (const pod of pods.objects) this.#view.setPod(`${pod.metadata.namespace}/${pod.metadata.name}`, pod);
    return Math.min(nodes.revision, pods.revision);
  }

  async #sendAll(notices: readonly (readonly [string, Notice])[]): Promise<void> {
    await eachBounded(notices, MAX_IN_FLIGHT, async ([name, notice]) => {
      const url = this.#view.node(name)?.queueUrl;
      if (url) await this.#options.send(url, encodeNotice(notice));
    });
  }
}
