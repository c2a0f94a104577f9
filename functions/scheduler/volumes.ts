import type { Stored } from '../../lib/api/object.ts';
import type {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../../lib/api/types.ts';
import { SELECTED_NODE } from '../../lib/api/volumes/annotations.ts';
import type { Cache, Caches } from '../../lib/client/controller.ts';
import {
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  persistentVolumeClaims,
  persistentVolumes,
  storageClasses,
} from '../../lib/client/resource-type.ts';

export type Claim = Stored<PersistentVolumeClaim>;
export type PodVolume = Stored<PersistentVolume>;

interface Choice {
  node: string;
  pod: string;
  version: number;
}

/** What the scheduler knows of storage: the caches, and what it has given away and not yet seen come back. */
export class Volumes {
  readonly claims: Cache<PersistentVolumeClaim>;
  readonly volumes: Cache<PersistentVolume>;
  readonly classes: Cache<StorageClass>;
  readonly drivers: Cache<CSIDriver>;
  readonly csiNodes: Cache<CSINode>;
  readonly capacities: Cache<CSIStorageCapacity>;
  /** Volumes that were chosen for a pod's claims: by the pod, volume → claim. */
  readonly #given = new Map<string, Map<string, string>>();
  /** The node that was chosen for a claim, until the cache shows the claim as it was written. */
  readonly #chosen = new Map<string, Choice>();

  constructor(caches: Caches) {
    this.claims = caches.cache(persistentVolumeClaims);
    this.volumes = caches.cache(persistentVolumes);
    this.classes = caches.cache(storageClasses);
    this.drivers = caches.cache(csiDrivers);
    this.csiNodes = caches.cache(csiNodes);
    this.capacities = caches.cache(csiStorageCapacities);
  }

  /** Told when anything of it changes. */
  subscribe(changed: () => void): void {
    for (const cache of [
      this.claims,
      this.volumes,
      this.classes,
      this.drivers,
      this.csiNodes,
      this.capacities,
    ] as Cache<unknown>[])
      cache.subscribe(changed);
  }

  selectedNode({ metadata }: Claim): string | undefined {
    const chosen = this.#chosen.get(`${metadata.namespace}/${metadata.name}`);
    const ahead = chosen && Number(metadata.resourceVersion) < chosen.version;
    return ahead ? chosen.node : metadata.annotations?.[SELECTED_NODE];
  }

  /** Volumes that are no longer to be had. */
  given(): ReadonlySet<string> {
    return new Set([...this.#given.values()].flatMap((volumes) => [...volumes.keys()]));
  }

  /** The volume that was chosen for the pod's claim. */
  givenTo(pod: string, claim: string): PodVolume | undefined {
    for (const [volume, owner] of this.#given.get(pod) ?? []) if (owner === claim) return this.volumes.get(volume);
    return undefined;
  }

  give(pod: string, volume: string, claim: string): void {
    const volumes = this.#given.get(pod) ?? new Map<string, string>();
    this.#given.set(pod, volumes.set(volume, claim));
  }

  /** `version`: as which it was written; without, it is yet to be. */
  choose(claim: string, choice: { node: string; pod: string; version?: number }): void {
    this.#chosen.set(claim, { version: Number.POSITIVE_INFINITY, ...choice });
  }

  /** What was chosen for a pod is settled, or given up. */
  forget(pod: string): void {
    this.#given.delete(pod);
    for (const [claim, chosen] of this.#chosen) if (chosen.pod === pod) this.#chosen.delete(claim);
  }

  /** The volume of a claim that has one. */
  volumeOf({ spec }: Claim): PodVolume | undefined {
    return spec?.volumeName ? this.volumes.get(spec.volumeName) : undefined;
  }
}
