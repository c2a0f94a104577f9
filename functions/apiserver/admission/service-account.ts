import { isMirrorPod } from '../../../lib/api/pod-references.ts';
import type { Container, Pod, PodSpec, ServiceAccount } from '../../../lib/api/types.ts';
import { type Clock, delay } from '../../../lib/runtime/clock.ts';
import type { Random } from '../../../lib/runtime/random.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { createsPod, isFor, refusal } from './request.ts';
import { checkMirrorPod, checkMountableSecrets } from './service-account-secrets.ts';

const DEFAULT = 'default';
const VOLUME_PREFIX = 'kube-api-access-';
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** The controller makes `default` just after its namespace: a pod that comes first waits up to two seconds. */
const WAIT_MS = 50;
const MAX_WAITS = 40;

export interface ServiceAccountOptions {
  reader: Reader;
  clock: Clock;
  random: Random;
}

/** Gives a pod its account, token and pull secrets. Source: k8s.io/kubernetes/plugin/pkg/admission/serviceaccount */
export function serviceAccount(options: ServiceAccountOptions): AdmissionPlugin {
  const { random } = options;
  return {
    name: 'ServiceAccount',
    async mutate(attributes) {
      if (!createsPod(attributes)) return;
      const pod = attributes.object as Pod & { spec: PodSpec };
      if (isMirrorPod(pod)) return checkMirrorPod(attributes, pod);
      if (!pod.spec.serviceAccountName) pod.spec.serviceAccountName = pod.spec.serviceAccount = DEFAULT;
      const account = await accountOf(attributes, pod.spec.serviceAccountName, options);
      if (pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true)
        mountToken(pod.spec, random);
      if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
        pod.spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }));
      checkMountableSecrets(attributes, account, pod);
    },
    async validate(attributes) {
      if (attributes.operation !== 'UPDATE' || !isFor(attributes, '', 'pods', 'ephemeralcontainers')) return;
      const pod = attributes.object as Pod;
      const account = await accountOf(attributes, pod.spec?.serviceAccountName ?? '', options);
      checkMountableSecrets(attributes, account, { spec: { containers: [], ...ephemeralOf(pod) } });
    },
  };
}

function ephemeralOf(pod: Pod) {
  return { ephemeralContainers: pod.spec?.ephemeralContainers };
}

async function accountOf(
  attributes: AdmissionAttributes,
  name: string,
  { reader, clock }: ServiceAccountOptions,
): Promise<ServiceAccount> {
  const { namespace } = attributes.info;
  const waits = name === DEFAULT ? MAX_WAITS : 0;
  for (let waited = 0; ; waited++) {
    const account = await reader.get<ServiceAccount>('serviceaccounts', name, namespace);
    if (account) return account;
    if (waited === waits) {
      const missing = `serviceaccount ${JSON.stringify(name)} not found`;
      throw refusal(attributes, `error looking up service account ${namespace}/${name}: ${missing}`);
    }
    await delay(clock, WAIT_MS);
  }
}

function mountToken(spec: PodSpec, random: Random): void {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX));
  const name = existing?.name ?? `${VOLUME_PREFIX}${random.suffix(5)}`;
  let mounted = false;
  for (const container of [...(spec.initContainers ?? []), ...spec.containers])
    mounted = mountInto(container, name) || mounted;
  if (mounted && !existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

/** False: something is mounted there already. */
function mountInto(container: Container, name: string): boolean {
  if (container.volumeMounts?.some((mount) => mount.mountPath === MOUNT_PATH)) return false;
  container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
  return true;
}

function tokenVolume(name: string) {
  const namespace = { apiVersion: 'v1', fieldPath: 'metadata.namespace' };
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: namespace }] } },
      ],
      defaultMode: 0o644,
    },
  };
}
