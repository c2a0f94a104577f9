import { quantities } from '../../../lib/api/resource-list.ts';
import type { Pod, PodSpec, RuntimeClass, Toleration } from '../../../lib/api/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { createsPod, refusal } from './request.ts';

/** Gives a pod its runtime's overhead and scheduling. Source: plugin/pkg/admission/runtimeclass */
export function runtimeClass(reader: Reader): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    async mutate(attributes) {
      const spec = specOf(attributes);
      if (!spec?.runtimeClassName) return;
      const found = await classOf(attributes, spec.runtimeClassName, reader);
      if (found.overhead) setOverhead(attributes, spec, found);
      if (found.scheduling) setScheduling(attributes, spec, found);
    },
    async validate(attributes) {
      const spec = specOf(attributes);
      if (!spec || (!spec.overhead && !spec.runtimeClassName)) return;
      const { runtimeClassName } = spec;
      const found = runtimeClassName ? await classOf(attributes, runtimeClassName, reader) : undefined;
      if (found?.overhead) setOverhead(attributes, spec, found);
      else if (spec.overhead)
        throw refusal(attributes, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    },
  };
}

function specOf(attributes: AdmissionAttributes): PodSpec | undefined {
  return createsPod(attributes) ? (attributes.object as Pod).spec : undefined;
}

async function classOf(attributes: AdmissionAttributes, name: string, reader: Reader): Promise<RuntimeClass> {
  const found = await reader.get<RuntimeClass>('runtimeclasses.node.k8s.io', name);
  if (!found) throw refusal(attributes, `pod rejected: RuntimeClass "${name}" not found`);
  return found;
}

function setOverhead(attributes: AdmissionAttributes, spec: PodSpec, { overhead }: RuntimeClass): void {
  const fixed = overhead!.podFixed ?? {};
  if (spec.overhead && Object.keys(spec.overhead).length > 0 && !sameQuantities(spec.overhead, fixed))
    throw refusal(attributes, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
  spec.overhead = { ...fixed };
}

function sameQuantities(left: Record<string, string>, right: Record<string, string>): boolean {
  const [a, b] = [quantities(left), quantities(right)];
  return a.size === b.size && [...a].every(([name, quantity]) => b.get(name)?.compare(quantity) === 0);
}

function setScheduling(attributes: AdmissionAttributes, spec: PodSpec, { scheduling }: RuntimeClass): void {
  const wanted = scheduling!.nodeSelector ?? {};
  for (const [key, value] of Object.entries(wanted)) {
    const own = spec.nodeSelector?.[key];
    if (own === undefined || own === value) continue;
    const runtime = `runtimeClass.scheduling.nodeSelector[${key}] = ${value}`;
    throw refusal(attributes, `conflict: ${runtime}; pod.spec.nodeSelector[${key}] = ${own}`);
  }
  if (Object.keys(wanted).length) spec.nodeSelector = { ...spec.nodeSelector, ...wanted };
  const given = spec.tolerations ?? [];
  const added = (scheduling!.tolerations ?? []).filter((one) => !given.some((other) => same(one, other)));
  if (added.length) spec.tolerations = [...given, ...added];
}

function same(left: Toleration, right: Toleration): boolean {
  const fields = ['key', 'operator', 'value', 'effect', 'tolerationSeconds'] as const;
  return fields.every((field) => left[field] === right[field]);
}
