import type { ObjectMeta, PodSpec } from '../../../../lib/api/types.ts';
import { baseline } from './baseline.ts';
import type { Fault } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { restricted } from './restricted.ts';

const CHECKS = { privileged: [], baseline, restricted };

export interface PodLike {
  metadata?: ObjectMeta | undefined;
  spec: PodSpec;
}

export function faultsOf({ level, minor }: LevelVersion, { metadata, spec }: PodLike): Fault[] {
  return CHECKS[level].flatMap((check) => check({ metadata: metadata ?? {}, spec, minor }) ?? []);
}

/** `host namespaces (hostNetwork=true), privileged (container "c" must not …)` */
export function describe(faults: readonly Fault[]): string {
  return faults.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}
