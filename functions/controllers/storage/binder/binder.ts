import { keyOf, type Stored } from '../../../../lib/api/object.ts';
import { isReason } from '../../../../lib/api/status.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../../../lib/api/types.ts';
import {
  BETA_STORAGE_PROVISIONER,
  BIND_COMPLETED,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
} from '../../../../lib/api/volumes/annotations.ts';
import { unboundVolume } from '../../../../lib/api/volumes/bind.ts';
import { BY_CLAIM, claimKeys, classOf, defaultClass, lacksClass } from '../../../../lib/api/volumes/claim.ts';
import type { Controller } from '../../../../lib/client/controller.ts';
import { watch } from '../../../../lib/client/controller.ts';
import {
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  storageClasses,
} from '../../../../lib/client/resource-type.ts';
import { type ControllerDependencies, hands } from '../../dependencies.ts';
import { bind, setClaimPhase, setVolumePhase } from './bind.ts';
import { planClaim, type Told } from './plan-claim.ts';
import { planVolume } from './plan-volume.ts';

/** Claims that have no volume, by their class; what lacks a class counts to the empty one. */
const UNBOUND = 'unbound';
const BY_SELECTED_NODE = 'selected-node';

type Claim = Stored<PersistentVolumeClaim>;

/** Brings claims and volumes together: kube-controller-manager's persistentvolume-binder. */
export function createBinderController(dependencies: ControllerDependencies): Controller {
  const claims = dependencies.caches.cache(persistentVolumeClaims);
  const volumes = dependencies.caches.cache(persistentVolumes);
  const classes = dependencies.caches.cache(storageClasses);
  const nodeCache = dependencies.caches.cache(nodes);
  const podCache = dependencies.caches.cache(pods);
  claims.addIndex(UNBOUND, (claim) => (isUnbound(claim) ? [classOf(claim)] : []));
  claims.addIndex(BY_SELECTED_NODE, (claim) => (isUnbound(claim) ? selectedNodes(claim) : []));
  podCache.addIndex(BY_CLAIM, claimKeys);
  const own = hands(dependencies, 'persistent-volume-binder', 'persistentvolume-controller');
  const unboundOf = (name: string) => claims.byIndex(UNBOUND, name).map(claimKey);

  return {
    name: 'persistentvolume-binder',
    watches: [
      watch(persistentVolumeClaims, (claim, previous) => [
        ...(claim ? [claimKey(claim)] : []),
        ...volumeKeys(claim?.spec?.volumeName, previous?.spec?.volumeName),
      ]),
      watch(persistentVolumes, (volume, previous) => [
        ...(volume ? volumeKeys(volume.metadata.name) : []),
        ...refKeys(volume),
        ...refKeys(previous),
        // A volume that has come free may be what somebody waits for.
        ...(volume && !volume.spec?.claimRef && isNews(volume, previous) ? unboundOf(classOf(volume)) : []),
      ]),
      watch(storageClasses, (storageClass) =>
        storageClass ? [...unboundOf(storageClass.metadata.name), ...unboundOf('')] : [],
      ),
      watch(nodes, (node, previous) =>
        node ? [] : claims.byIndex(BY_SELECTED_NODE, previous!.metadata.name).map(claimKey),
      ),
    ],
    async reconcile(key) {
      const [kind, ...rest] = key.split('/');
      const name = rest.join('/');
      await (kind === 'claim' ? syncClaim(name) : syncVolume(name));
      return undefined;
    },
  };

  async function syncClaim(key: string): Promise<void> {
    const claim = claims.get(key);
    if (!claim || (claim.metadata.deletionTimestamp && isUnbound(claim))) return;
    if (await takesDefaultClass(claim)) return;
    if (await leavesLostNode(claim)) return;
    const plan = planClaim(claim, {
      volume: (name) => volumes.get(name),
      volumes: () => volumes.list(),
      storageClass: (name) => classes.get(name),
      waitingPods: () => waitingPods(key),
    });
    if (plan.do === 'bind') return bind(own, plan.volume, claim);
    if (plan.do === 'lose') return lose(claim, plan.event);
    if (plan.do === 'provision') await askProvisioner(claim, plan.provisioner);
    else if (plan.event) tell(claim, plan.event);
    if (claim.status?.phase !== 'Pending' && plan.do === 'wait') await setClaimPhase(own, claim, 'Pending');
  }

  function waitingPods(key: string): string[] {
    const waiting = podCache.byIndex(BY_CLAIM, key).filter(({ spec }) => !spec?.nodeName);
    return waiting.map(({ metadata }) => metadata.name);
  }

  /** A default class that came after the claim (KEP-3333). */
  async function takesDefaultClass(claim: Claim): Promise<boolean> {
    if (!isUnbound(claim) || claim.spec?.volumeName || !lacksClass(claim)) return false;
    const found = defaultClass(classes.list());
    if (!found) return false;
    const spec = { ...claim.spec, storageClassName: found.metadata.name };
    await own.client.update(persistentVolumeClaims, { ...claim, spec });
    return true;
  }

  /** The node that was to hold the volume is no more: the scheduler chooses anew. Its absence is confirmed live. */
  async function leavesLostNode(claim: Claim): Promise<boolean> {
    const [node] = selectedNodes(claim);
    if (node === undefined || !isUnbound(claim) || claim.spec?.volumeName || nodeCache.get(node)) return false;
    const { items } = await own.client.list(nodes, { fieldSelector: `metadata.name=${node}` });
    if (items.length > 0) return false;
    const { [SELECTED_NODE]: _, ...annotations } = claim.metadata.annotations ?? {};
    await own.client.update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } });
    return true;
  }

  async function lose(claim: Claim, event: Told): Promise<void> {
    if (!(await stillLost(claim))) return;
    if (await setClaimPhase(own, claim, 'Lost')) tell(claim, event);
  }

  /** The cache may not hold a volume yet that is there. */
  async function stillLost({ spec }: Claim): Promise<boolean> {
    if (!spec?.volumeName || volumes.get(spec.volumeName)) return true;
    return !(await own.client.get(persistentVolumes, { name: spec.volumeName }).catch(absent));
  }

  async function askProvisioner(claim: Claim, provisioner: string): Promise<void> {
    const { annotations = {} } = claim.metadata;
    if (annotations[STORAGE_PROVISIONER] !== provisioner) {
      const asked = { ...annotations, [BETA_STORAGE_PROVISIONER]: provisioner, [STORAGE_PROVISIONER]: provisioner };
      const metadata = { ...claim.metadata, annotations: asked };
      await own.client.update(persistentVolumeClaims, { ...claim, metadata });
    }
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    tell(claim, { type: 'Normal', reason: 'ExternalProvisioning', message });
  }

  async function syncVolume(name: string): Promise<void> {
    const volume = volumes.get(name);
    if (!volume) return;
    const plan = planVolume(volume, await claimOf(volume));
    if (plan.do === 'phase') await setVolumePhase(own, volume, plan.phase);
    else if (plan.do === 'unbind') await own.client.update(persistentVolumes, unboundVolume(volume));
    else if (plan.do === 'release') await release(volume, plan.failure);
    else if (plan.events) {
      tell(volume, plan.events.volume);
      tell((await claimOf(volume))!, plan.events.claim);
    }
  }

  /** The first failure stays visible. */
  async function release(volume: Stored<PersistentVolume>, failure: Told | undefined): Promise<void> {
    if (failure) await setVolumePhase(own, volume, 'Failed', failure);
    else if (volume.status?.phase !== 'Failed') await setVolumePhase(own, volume, 'Released');
  }

  /** A volume is given up only when its claim is gone for certain: a cache may lag behind a claim or a uid. */
  async function claimOf({ spec }: Stored<PersistentVolume>): Promise<Claim | undefined> {
    const { namespace = '', name = '', uid } = spec?.claimRef ?? {};
    if (!uid) return undefined;
    const known = claims.get(`${namespace}/${name}`);
    if (known?.metadata.uid === uid) return known;
    const live = await own.client.get(persistentVolumeClaims, { namespace, name }).catch(absent);
    return live?.metadata.uid === uid ? live : undefined;
  }

  function tell(object: Claim | Stored<PersistentVolume>, { type, reason, message }: Told): void {
    if (type === 'Normal') own.recorder.normal(object, reason, message);
    else own.recorder.warning(object, reason, message);
  }
}

const claimKey = (claim: Claim): string => `claim/${keyOf(claim)}`;

function volumeKeys(...names: (string | undefined)[]): string[] {
  return names.flatMap((name) => (name ? [`volume/${name}`] : []));
}

function refKeys(volume: Stored<PersistentVolume> | undefined): string[] {
  const ref = volume?.spec?.claimRef;
  return ref ? [`claim/${ref.namespace}/${ref.name}`] : [];
}

const isUnbound = ({ metadata }: Claim): boolean => metadata.annotations?.[BIND_COMPLETED] === undefined;

/** One at most. */
function selectedNodes({ metadata }: Claim): string[] {
  const node = metadata.annotations?.[SELECTED_NODE];
  return node === undefined ? [] : [node];
}

/** Volumes are written often, and only a few of the changes make one free. */
function isNews(volume: Stored<PersistentVolume>, previous: Stored<PersistentVolume> | undefined): boolean {
  const facts = (one: Stored<PersistentVolume>) => JSON.stringify([one.metadata.labels, one.spec, one.status?.phase]);
  return volume.status?.phase === 'Available' && (!previous || facts(volume) !== facts(previous));
}

function absent(error: unknown): undefined {
  if (!isReason(error, 'NotFound')) throw error;
}
