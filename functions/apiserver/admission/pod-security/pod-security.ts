import { invalid } from '../../../../lib/api/status.ts';
import type { Container, Namespace, Pod } from '../../../../lib/api/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../../contract.ts';
import type { Reader } from '../../reader.ts';
import { isFor, refusal } from '../request.ts';
import { describe, faultsOf, type PodLike } from './evaluate.ts';
import { checkExistingPods } from './existing-pods.ts';
import { isStricter, type Policy, policyOf, textOf } from './policy.ts';

const IGNORED = ['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'];

/** Where the pod is, in a kind that makes pods: warned of, not refused. */
const TEMPLATES: Readonly<Record<string, (spec: any) => PodLike | undefined>> = {
  'replicationcontrollers.': (spec) => spec?.template,
  'replicasets.apps': (spec) => spec?.template,
  'deployments.apps': (spec) => spec?.template,
  'statefulsets.apps': (spec) => spec?.template,
  'daemonsets.apps': (spec) => spec?.template,
  'jobs.batch': (spec) => spec?.template,
  'cronjobs.batch': (spec) => spec?.jobTemplate?.spec?.template,
};

/** The Pod Security Standards, by a namespace's labels (KEP-2579). Source: k8s.io/pod-security-admission/admission */
export function podSecurity(reader: Reader): AdmissionPlugin {
  async function policyFor({ info }: AdmissionAttributes): Promise<Policy> {
    const namespace = await reader.get<Namespace>('namespaces', info.namespace);
    return policyOf(namespace?.metadata.labels).policy;
  }

  return {
    name: 'PodSecurity',
    async validate(attributes) {
      const { info, operation, object } = attributes;
      if (operation === 'DELETE' || operation === 'CONNECT' || !object) return;
      if (isFor(attributes, '', 'namespaces')) return checkNamespace(attributes, reader);
      if (info.group === '' && info.resource === 'pods') {
        if (IGNORED.includes(info.subresource) || !isSignificant(attributes)) return;
        return checkPod(attributes, object as PodLike, await policyFor(attributes), true);
      }
      const templateOf = info.subresource ? undefined : TEMPLATES[`${info.resource}.${info.group}`];
      const pod = templateOf?.(object['spec']) ?? (isFor(attributes, '', 'podtemplates') && object['template']);
      if (pod?.spec) checkPod(attributes, pod, await policyFor(attributes), false);
    },
  };
}

function checkPod(attributes: AdmissionAttributes, pod: PodLike, policy: Policy, enforce: boolean): void {
  const { enforce: enforced, warn } = policy;
  const faults = enforce ? faultsOf(enforced, pod) : [];
  if (faults.length) throw refusal(attributes, `violates PodSecurity "${textOf(enforced)}": ${describe(faults)}`);
  const warnings = faultsOf(warn, pod);
  if (warnings.length) attributes.warn?.(`would violate PodSecurity "${textOf(warn)}": ${describe(warnings)}`);
}

/** Of an existing pod only images and ephemeral containers can change in a way that matters. */
function isSignificant({ operation, object, oldObject }: AdmissionAttributes): boolean {
  if (operation !== 'UPDATE') return true;
  const [pod, old] = [(object as Pod).spec!, (oldObject as Pod).spec!];
  const images = (list: readonly Container[] | undefined) => JSON.stringify((list ?? []).map(({ image }) => image));
  if (images(pod.containers) !== images(old.containers)) return true;
  if (images(pod.initContainers) !== images(old.initContainers)) return true;
  return (pod.ephemeralContainers ?? []).some(
    ({ name, image }) => !old.ephemeralContainers?.some((own) => own.name === name && own.image === image),
  );
}

async function checkNamespace(attributes: AdmissionAttributes, reader: Reader): Promise<void> {
  const { object, oldObject } = attributes;
  const { policy, causes } = policyOf(object?.metadata?.labels);
  const before = oldObject ? policyOf(oldObject.metadata?.labels) : undefined;
  if (causes.length && JSON.stringify(causes) !== JSON.stringify(before?.causes ?? []))
    throw invalid({ group: '', kind: 'Namespace' }, object?.metadata?.name ?? '', causes);
  const [now, old] = [policy.enforce, before?.policy.enforce];
  if (!old || textOf(now) === textOf(old) || now.level === 'privileged') return;
  if (now.minor === old.minor && !isStricter(now.level, old.level)) return;
  await checkExistingPods(attributes, now, reader);
}
