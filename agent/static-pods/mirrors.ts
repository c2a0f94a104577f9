import type { Stored } from '../../lib/api/object.ts';
import { isMirrorPod } from '../../lib/api/pod-references.ts';
import { isReason } from '../../lib/api/status.ts';
import type { Node, Pod, PodStatus } from '../../lib/api/types.ts';
import type { Client } from '../../lib/client/client.ts';
import type { ObjectCache } from '../../lib/client/object-cache.ts';
import { pods as podType } from '../../lib/client/resource-type.ts';
import type { PodStatusWriter } from '../status/status-writer.ts';
import { isMirrorOf, isStatic, mirrorOf } from './static-pod.ts';

export interface MirrorsOptions {
  client: Client;
  cache: ObjectCache<Pod>;
  writer: PodStatusWriter;
  node: () => Node;
}

/** Shows static pods to the API: keeps a mirror of each, and writes to it what the static pod's status is. */
export class Mirrors implements PodStatusWriter {
  readonly #options: MirrorsOptions;
  /** By the static pod's uid. */
  readonly #wanted = new Map<string, PodStatus>();

  constructor(options: MirrorsOptions) {
    this.#options = options;
  }

  set(pod: Pod, wanted: PodStatus): void {
    if (isStatic(pod)) this.#setStatic(pod as Stored<Pod>, wanted);
    else this.#options.writer.set(pod, wanted);
  }

  #setStatic(pod: Stored<Pod>, wanted: PodStatus): void {
    this.#wanted.set(pod.metadata.uid, wanted);
    const mirror = this.#mirror(pod);
    if (mirror && isMirrorOf(mirror, pod)) this.#options.writer.set(mirror, wanted);
  }

  flush(uid: string): Promise<void> {
    return this.#options.writer.flush(uid);
  }

  forget(uid: string): void {
    this.#wanted.delete(uid);
    this.#options.writer.forget(uid);
  }

  /** Makes what is missing, and removes what mirrors nothing (any more). */
  async sync(running: readonly Stored<Pod>[]): Promise<void> {
    for (const pod of running) {
      const mirror = this.#mirror(pod);
      if (mirror?.metadata.deletionTimestamp || (mirror && !isMirrorOf(mirror, pod))) await this.#remove(mirror);
      else if (!mirror) await this.#create(pod);
    }
    for (const mirror of this.#options.cache.list().filter(isMirrorPod)) {
      if (!running.some((pod) => isMirrorOf(mirror, pod))) await this.#remove(mirror);
    }
  }

  #mirror({ metadata }: Stored<Pod>): Stored<Pod> | undefined {
    return this.#options.cache.get(`${metadata.namespace}/${metadata.name}`);
  }

  async #create(pod: Stored<Pod>): Promise<void> {
    const { name, uid } = this.#options.node().metadata ?? {};
    if (!name || !uid) return;
    try {
      const mirror = await this.#options.client.create(podType, mirrorOf(pod, { name, uid }));
      const wanted = this.#wanted.get(pod.metadata.uid);
      if (wanted) this.#options.writer.set(mirror, wanted);
    } catch (error) {
      if (!isReason(error, 'AlreadyExists')) throw error;
    }
  }

  async #remove({ metadata }: Stored<Pod>): Promise<void> {
    this.#options.writer.forget(metadata.uid);
    const ref = { namespace: metadata.namespace, name: metadata.name! };
    try {
      await this.#options.client.delete(podType, ref, { gracePeriodSeconds: 0, uid: metadata.uid });
    } catch (error) {
      if (!isReason(error, 'NotFound', 'Conflict')) throw error;
    }
  }
}
