import type { Container, EphemeralContainer, PodSpec } from '../../../../lib/api/types.ts';

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

export function* containersOf(spec: PodSpec): Iterable<Container | EphemeralContainer> {
  yield* spec.initContainers ?? [];
  yield* spec.containers ?? [];
  yield* spec.ephemeralContainers ?? [];
}

/** Every container with its path, in the order in which upstream visits them. */
export function* containersWithPaths(
  spec: PodSpec,
  at: string,
): Iterable<readonly [Container | EphemeralContainer, string]> {
  for (const list of LISTS) {
    const containers = spec[list];
    if (containers) for (let i = 0; i < containers.length; i++) yield [containers[i]!, `${at}.${list}[${i}]`];
  }
}
