import type { Pod } from '../../../../lib/api/types.ts';
import type { AdmissionAttributes } from '../../contract.ts';
import type { Reader } from '../../reader.ts';
import { faultsOf, type PodLike } from './evaluate.ts';
import { type LevelVersion, textOf } from './policy.ts';

const MAX_PODS = 3_000;

/** Warns of the pods that a stricter level would no longer let in. */
export async function checkExistingPods(
  attributes: AdmissionAttributes,
  enforce: LevelVersion,
  reader: Reader,
): Promise<void> {
  if (!attributes.warn) return;
  const name = attributes.object!.metadata!.name!;
  const pods = await reader.list<Pod>('pods', name);
  const checked = pods.slice(0, MAX_PODS);
  if (checked.length < pods.length) {
    const text = `new PodSecurity enforce level only checked against the first ${MAX_PODS} of ${pods.length} existing pods`;
    attributes.warn(text);
  }
  const offenders = new Map<string, string[]>();
  for (const pod of checked) {
    const reasons = faultsOf(enforce, pod as PodLike).map(({ reason }) => reason);
    if (reasons.length === 0) continue;
    const key = reasons.join(', ');
    offenders.set(key, [...(offenders.get(key) ?? []), pod.metadata.name]);
  }
  if (offenders.size === 0) return;
  const level = textOf(enforce);
  attributes.warn(`existing pods in namespace "${name}" violate the new PodSecurity enforce level "${level}"`);
  for (const text of [...offenders].map(describe).sort()) attributes.warn(text);
}

function describe([reasons, names]: [string, string[]]): string {
  const [first] = names.toSorted();
  const more = names.length - 1;
  if (more === 0) return `${first}: ${reasons}`;
  return `${first} (and ${more} other ${more === 1 ? 'pod' : 'pods'}): ${reasons}`;
}
