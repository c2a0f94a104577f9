import type { DownwardAPIVolumeFile, Pod } from '../../lib/api/types.ts';
import { fieldValue, type PodFacts } from '../pods/field-ref.ts';
import { type Allocatable, resourceValue } from '../pods/resource-ref.ts';
import { DEFAULT_MODE, type Payload, VolumeError } from './payload.ts';

export interface DownwardFacts extends PodFacts {
  allocatable: Allocatable;
}

/** Source: pkg/volume/downwardapi CollectData. */
export function downwardPayload(
  pod: Pod,
  items: readonly DownwardAPIVolumeFile[],
  facts: DownwardFacts,
  mode = DEFAULT_MODE,
): Payload {
  const payload: Payload = new Map();
  for (const item of items)
    payload.set(item.path, { data: Buffer.from(textOf(pod, item, facts)), mode: item.mode ?? mode });
  return payload;
}

function textOf(pod: Pod, { fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, facts: DownwardFacts): string {
  if (fieldRef) {
    const text = fieldValue(pod, fieldRef.fieldPath, facts);
    if (text === undefined) throw new VolumeError(`unsupported fieldPath: ${fieldRef.fieldPath}`);
    return text;
  }
  if (!resourceFieldRef) return '';
  const text = resourceValue(pod, resourceFieldRef, undefined, facts.allocatable);
  if (text === undefined) throw new VolumeError(`unsupported container resource : ${resourceFieldRef.resource}`);
  return text;
}
