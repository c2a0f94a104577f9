import type { Pod } from '../../lib/api/types.ts';
import type { Prober } from '../probes/prober.ts';
import type { PodStatusWriter } from '../status/status-writer.ts';
import type { References } from '../volumes/references.ts';
import type { VolumePaths } from '../volumes/volumes.ts';
import type { Refusal } from './admission.ts';
import type { Cgroups } from './cgroups.ts';
import type { ContainerEvents } from './container-events.ts';
import type { DnsConfig } from './dns.ts';
import type { Observer } from './observe.ts';
import type { StartEquipment } from './start-container.ts';

/** What all pod workers of a node share. */
export interface PodEquipment extends StartEquipment {
  observer: Observer;
  prober: Prober;
  writer: PodStatusWriter;
  references: References;
  /** When the first token or certificate of a pod must be renewed. */
  renewAt(podUid: string): number | undefined;
  cgroups: Cgroups;
  /** The node's own resolv.conf. */
  nodeDns: DnsConfig;
  events(pod: Pod, containerName: string): ContainerEvents;
  setUpVolumes(pod: Pod, podIPs: readonly string[]): Promise<VolumePaths>;
  /** Why this node does not take the pod. */
  refusal(pod: Pod): Refusal | undefined;
  /** Drops all that is remembered of a pod. */
  forget(podUid: string): void;
  /** For `catch`: passes on what is not the ordinary end of an object. */
  unlessGone(error: unknown): void;
}
