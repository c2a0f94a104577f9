import { humanDuration } from '../../../lib/api/duration.ts';
import { parseInstant, timeMs } from '../../../lib/api/time.ts';

/**
 * The cells of one object, in the order of table-columns.json, those of `kubectl get -o wide` included.
 * Facts: k8s.io/kubernetes/pkg/printers/internalversion/printers.go.
 */
export type Row = (object: any) => unknown[];

/** A cell that changes as time goes by; `now` is in milliseconds. All others can be kept for as long as the object is. */
export type AgingCell = (now: number) => string;

/** Rows by `GROUP/RESOURCE`: every version of a resource shows the same. */
export type Rows = Readonly<Record<string, Row>>;

export const NONE = '<none>';
export const UNSET = '<unset>';
export const UNKNOWN = '<unknown>';

export function ageOf(object: any): AgingCell {
  const created = timeMs(object.metadata?.creationTimestamp);
  return (now) => (Number.isNaN(created) ? UNKNOWN : humanDuration(now - created));
}

/** How long ago a Time or MicroTime was. */
export function since(time: string | undefined | null): AgingCell {
  const instant = time ? parseInstant(time) : undefined;
  if (!instant) return () => UNKNOWN;
  const then = instant.seconds * 1000 + instant.nanos / 1e6;
  return (now) => humanDuration(now - then);
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
export const nameAndAge: Row = (object) => [name(object), ageOf(object)];

/** What ReplicaSets and ReplicationControllers show alike; their selectors follow, each printed its own way. */
export function replicaCells(object: any): unknown[] {
  const { spec, status } = object;
  const counts = [spec?.replicas ?? 0, status?.replicas ?? 0, status?.readyReplicas ?? 0];
  return [name(object), ...counts, ageOf(object), ...containerCells(spec?.template?.spec)];
}
