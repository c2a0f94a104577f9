import type { Container, ObjectMeta, PodSpec } from '../../../../lib/api/types.ts';

/** Why a pod is refused: `privileged`, and in which container. */
export interface Fault {
  reason: string;
  detail: string;
}

export interface Checked {
  metadata: ObjectMeta;
  spec: PodSpec;
  /** The policy's minor version. */
  minor: number;
}

export type Check = (checked: Checked) => Fault | undefined;

/** In the order in which faults name them. */
export function containers(spec: PodSpec): Container[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...((spec.ephemeralContainers ?? []) as Container[])];
}

export function namesOf(spec: PodSpec, isBad: (container: Container) => boolean): string[] {
  return containers(spec)
    .filter(isBad)
    .map(({ name }) => name);
}

export function plural(word: string, count: number): string {
  return count === 1 ? word : `${word}s`;
}

/** `"a", "b"` */
export function quoted(values: Iterable<string>): string {
  return [...values].map((value) => `"${value}"`).join(', ');
}

export function sortedSet(values: Iterable<string>): string[] {
  return [...new Set(values)].sort();
}

/** `container "a"`, `containers "a", "b"` */
export function containersText(names: readonly string[]): string {
  return `${plural('container', names.length)} ${quoted(names)}`;
}

/** Who set something bad: `pod and containers "a", "b"`. */
export function setters(pod: boolean, names: readonly string[]): string {
  return [...(pod ? ['pod'] : []), ...(names.length ? [containersText(names)] : [])].join(' and ');
}

/** In a user namespace root is nobody (KEP-127). */
export function hasUserNamespace({ spec, minor }: Checked): boolean {
  return minor >= 35 && spec.hostUsers === false;
}

export function isWindows({ spec, minor }: Checked): boolean {
  return minor >= 25 && spec.os?.name === 'windows';
}
