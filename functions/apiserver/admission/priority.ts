import type { Pod, PodSpec, PriorityClass } from '../../../lib/api/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { createsPod, isFor, refusal } from './request.ts';

const CLASSES = 'priorityclasses.scheduling.k8s.io';

interface Resolved {
  name: string | undefined;
  value: number;
  preemptionPolicy: string | undefined;
}

/** Resolves a pod's class to its priority. Source: k8s.io/kubernetes/plugin/pkg/admission/priority */
export function priority(reader: Reader): AdmissionPlugin {
  return {
    name: 'Priority',
    async mutate(attributes) {
      if (createsPod(attributes)) return fill(attributes, (attributes.object as Pod).spec!, reader);
      if (attributes.operation === 'UPDATE' && isFor(attributes, '', 'pods')) keepOld(attributes);
    },
    async validate(attributes) {
      if (!isFor(attributes, 'scheduling.k8s.io', 'priorityclasses')) return;
      const object = attributes.object as PriorityClass | undefined;
      if (attributes.operation === 'DELETE' || !object?.globalDefault) return;
      const present = await defaultClass(reader);
      if (!present || (attributes.operation === 'UPDATE' && present.metadata.name === object.metadata?.name)) return;
      const why = `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`;
      throw refusal(attributes, why);
    },
  };
}

async function fill(attributes: AdmissionAttributes, spec: PodSpec, reader: Reader): Promise<void> {
  const { name, value, preemptionPolicy } = await resolve(attributes, spec.priorityClassName, reader);
  if (name) spec.priorityClassName = name;
  if (spec.priority !== undefined && spec.priority !== value)
    throw refusal(attributes, mismatch('integer value of priority', spec.priority, value));
  spec.priority = value;
  if (!preemptionPolicy) return;
  if (spec.preemptionPolicy && spec.preemptionPolicy !== preemptionPolicy)
    throw refusal(attributes, mismatch('string value of PreemptionPolicy', spec.preemptionPolicy, preemptionPolicy));
  spec.preemptionPolicy = preemptionPolicy;
}

function mismatch(what: string, given: unknown, computed: unknown): string {
  return `the ${what} (${given}) must not be provided in pod spec; priority admission controller computed ${computed} from the given PriorityClass name`;
}

async function resolve(attributes: AdmissionAttributes, asked: string | undefined, reader: Reader): Promise<Resolved> {
  const found = asked ? await reader.get<PriorityClass>(CLASSES, asked) : await defaultClass(reader);
  if (found) {
    const { metadata, value = 0, preemptionPolicy } = found;
    return { name: metadata.name, value, preemptionPolicy };
  }
  if (asked) throw refusal(attributes, `no PriorityClass with name ${asked} was found`);
  return { name: undefined, value: 0, preemptionPolicy: 'PreemptLowerPriority' };
}

/** Two defaults can come of a race: the lower one holds. */
async function defaultClass(reader: Reader) {
  const classes = await reader.list<PriorityClass>(CLASSES);
  const defaults = classes
    .filter((one) => one.globalDefault)
    .sort((left, right) => (left.value ?? 0) - (right.value ?? 0));
  return defaults[0];
}

/** An update made from a manifest does not know what admission filled in. */
function keepOld({ object, oldObject }: AdmissionAttributes): void {
  const spec = (object as Pod).spec!;
  const old = (oldObject as Pod).spec!;
  spec.priority ??= old.priority;
  spec.preemptionPolicy ??= old.preemptionPolicy;
}
