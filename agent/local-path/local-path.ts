import type { PersistentVolume } from '../../lib/api/types.ts';
import { LOCAL_PATH_PROVISIONER } from '../../lib/api/volumes/annotations.ts';
import { createCaches } from '../../lib/client/cache.ts';
import type { Client } from '../../lib/client/client.ts';
import type { Caches } from '../../lib/client/controller.ts';
import { runControllers } from '../../lib/client/driver.ts';
import { createRecorder, type EventRecorder } from '../../lib/client/events.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import type { Random } from '../../lib/runtime/random.ts';
import type { Log } from '../context.ts';
import { createProvisioner } from './provision.ts';
import { createReclaimer } from './reclaim.ts';
import { createResizer } from './resize.ts';
import { LocalStore } from './store.ts';

export interface LocalPathOptions {
  /** As `system:local-path-provisioner:NODE`: the kubelet's own rights end at its pods. */
  client: Client;
  nodeName: string;
  /** Where the volumes lie. */
  folder: string;
  /** A file system that a pod has mounted fills its volume again. False: at the next mount it will. */
  growFileSystem(volume: PersistentVolume): Promise<boolean>;
  /** A pod of the node still has it mounted. */
  inUse(volume: string): Promise<boolean>;
  clock: Clock;
  random: Random;
  log: Log;
}

export interface LocalPathParts
  extends Pick<LocalPathOptions, 'client' | 'nodeName' | 'growFileSystem' | 'inUse' | 'clock'> {
  caches: Caches;
  recorder: EventRecorder;
  store: LocalStore;
}

/**
 * The provisioner of the default StorageClass, one on every node for its own disk: external-provisioner,
 * external-resizer and driver of a node in one, as their "distributed provisioning" has it.
 */
export function startLocalPath(options: LocalPathOptions): { stop(): Promise<void> } {
  const { client, nodeName, clock, random, log } = options;
  const abort = new AbortController();
  const onError = (error: unknown, resource: string) => log('cannot follow a resource', { resource, error });
  const caches = createCaches(client, { clock, random, onError });
  const recorder = createRecorder(client, { component: LOCAL_PATH_PROVISIONER, host: nodeName, clock, random });
  const parts: LocalPathParts = { ...options, caches, recorder, store: new LocalStore(options.folder) };
  const running = runControllers([createProvisioner(parts), createReclaimer(parts), createResizer(parts)], caches, {
    clock,
    random,
    signal: abort.signal,
    onError: (error, controller, key) => log('a reconcile failed', { controller, key, error }),
  });
  caches.start(abort.signal);
  return {
    async stop() {
      abort.abort();
      await running;
    },
  };
}
