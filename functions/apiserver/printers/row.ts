import { age, humanDuration } from '../../../lib/api/duration.ts';
import { parseInstant } from '../../../lib/api/time.ts';

/**
 * The cells of one object, in the order of table-columns.json, those of `kubectl get -o wide` included. `now` is in
 * milliseconds. Facts: k8s.io/kubernetes/pkg/printers/internalversion/printers.go.
 */
export type Row = (object: any, now: number) => unknown[];

/** Rows by `GROUP/RESOURCE`: every version of a resource shows the same. */
export type Rows = Readonly<Record<string, Row>>;

export const NONE = '<none>';
export const UNSET = '<unset>';
export const UNKNOWN = '<unknown>';

export function ageOf(object: any, now: number): string {
  return age(object.metadata?.creationTimestamp, now);
}

/** How long ago a Time or MicroTime was. */
export function since(time: string | undefined | null, now: number): string {
  const instant = time ? parseInstant(time) : undefined;
  return instant ? humanDuration(now - instant.seconds * 1000 - instant.nanos / 1e6) : UNKNOWN;
}

export function name(object: any): string {
  return object.metadata?.name ?? '';
}

/** `a=b,c=d`, sorted. */
export function labelsText(labels: Record<string, string> | undefined | null): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(',');
}

export function containerCells(podSpec: any): [string, string] {
  const containers: any[] = podSpec?.containers ?? [];
  return [containers.map((c) => c.name).join(','), containers.map((c) => c.image ?? '').join(',')];
}

/** The first few of a list, and how many more there are. */
export function firstOf(list: readonly string[], max: number, none: string): string {
  if (list.length === 0) return none;
  const shown = list.slice(0, max).join(',');
  return list.length > max ? `${shown} + ${list.length - max} more...` : shown;
}

export function condition(object: any, type: string): any {
  return (object.status?.conditions ?? []).find((c: any) => c.type === type);
}

/** Names and creation times: what kinds without columns of their own show. */
export const plainRow: Row = (object) => [name(object), object.metadata?.creationTimestamp ?? null];

/** Name and age. */
export const nameAndAge: Row = (object, now) => [name(object), ageOf(object, now)];
