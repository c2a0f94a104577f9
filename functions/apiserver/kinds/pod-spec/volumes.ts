import { duplicateValue, forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  ConfigMapVolumeSource,
  CSIVolumeSource,
  DownwardAPIVolumeSource,
  EmptyDirVolumeSource,
  EphemeralVolumeSource,
  HostPathVolumeSource,
  ImageVolumeSource,
  ObjectMeta,
  SecretVolumeSource,
  Volume,
} from '../../../../lib/api/types.ts';
import { checkFormat, checkOneOf, checkRequired, checkRequiredOneOf } from '../check.ts';
import { checkPersistentVolumeClaimSpec } from '../core/persistent-volume-claim-spec.ts';
import { checkAnnotations, checkLabels } from '../metadata.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';
import { checkNoBacksteps } from './paths.ts';
import { checkProjected } from './projected-volume.ts';
import { REMOTE_SOURCES } from './remote-volumes.ts';
import { checkDownwardFile, checkFileMode, checkKeysToPaths } from './volume-files.ts';

export type Volumes = ReadonlyMap<string, Volume>;

/**
 * Checks the volumes and returns the good ones by name. `meta` is a Pod's: a template's name is not known yet.
 * Source: ValidateVolumes in k8s.io/kubernetes/pkg/apis/core/validation.
 */
export function checkVolumes(
  causes: Cause[],
  volumes: Volume[] | undefined,
  meta: ObjectMeta | undefined,
  path: string,
): Volumes {
  const good = new Map<string, Volume>();
  const claims = new Set(volumes?.filter((v) => meta?.name && v.ephemeral).map((v) => `${meta!.name}-${v.name}`));
  volumes?.forEach((volume, i) => {
    const at = `${path}[${i}]`;
    const before = causes.length;
    checkVolumeSource(causes, volume, meta, at);
    if (checkRequired(causes, `${at}.name`, volume.name)) checkFormat(causes, `${at}.name`, volume.name, dns1123Label);
    if (good.has(volume.name)) causes.push(duplicateValue(`${at}.name`, volume.name));
    if (causes.length === before) good.set(volume.name, volume);
    const claim = volume.persistentVolumeClaim?.claimName;
    if (claim && claims.has(claim)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume';
      causes.push(invalidValue(`${at}.persistentVolumeClaim.claimName`, claim, why));
    }
  });
  return good;
}

type SourceCheck = (causes: Cause[], source: any, path: string) => void;

/** The second source that is given and every later one are refused as extra. */
const SOURCES: Readonly<Record<string, SourceCheck>> = {
  emptyDir: checkEmptyDir,
  hostPath: checkHostPath,
  secret: checkSecret,
  persistentVolumeClaim: (causes, source, path) => void checkRequired(causes, `${path}.claimName`, source.claimName),
  downwardAPI: checkDownwardApi,
  configMap: checkConfigMap,
  projected: checkProjected,
  csi: checkCsi,
  ephemeral: checkEphemeral,
  image: checkImage,
  ...REMOTE_SOURCES,
};

function checkVolumeSource(causes: Cause[], volume: Volume, meta: ObjectMeta | undefined, path: string): void {
  let sources = 0;
  for (const field in SOURCES) {
    const source = volume[field as keyof Volume];
    if (!source) continue;
    if (sources++ === 0) SOURCES[field]!(causes, source, `${path}.${field}`);
    else causes.push(forbiddenField(`${path}.${field}`, 'may not specify more than 1 volume type'));
  }
  if (sources === 0) causes.push(required(path, 'must specify a volume type'));
  if (volume.ephemeral && meta?.name && volume.name)
    checkClaimName(causes, `${meta.name}-${volume.name}`, volume.name, path);
}

function checkClaimName(causes: Cause[], claim: string, volume: string, path: string): void {
  for (const fault of dns1123Subdomain(claim)) {
    causes.push(invalidValue(`${path}.name`, volume, `PVC name "${claim}": ${fault}`));
  }
}

function checkEmptyDir(causes: Cause[], source: EmptyDirVolumeSource, path: string): void {
  if (source.sizeLimit !== undefined && parseQuantity(source.sizeLimit).sign() < 0) {
    causes.push(forbiddenField(`${path}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'));
  }
}

/** Sorted; the empty one means that nothing is checked at the node. */
const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];

export function checkHostPath(causes: Cause[], source: HostPathVolumeSource, path: string): void {
  if (!checkRequired(causes, `${path}.path`, source.path)) return;
  checkNoBacksteps(causes, source.path, `${path}.path`);
  if (source.type !== undefined) checkOneOf(causes, `${path}.type`, source.type, HOST_PATH_TYPES);
}

function checkSecret(causes: Cause[], source: SecretVolumeSource, path: string): void {
  checkRequired(causes, `${path}.secretName`, source.secretName);
  checkFileMode(causes, source.defaultMode, `${path}.defaultMode`);
  checkKeysToPaths(causes, source.items, `${path}.items`);
}

function checkConfigMap(causes: Cause[], source: ConfigMapVolumeSource, path: string): void {
  checkRequired(causes, `${path}.name`, source.name);
  checkFileMode(causes, source.defaultMode, `${path}.defaultMode`);
  checkKeysToPaths(causes, source.items, `${path}.items`);
}

function checkDownwardApi(causes: Cause[], source: DownwardAPIVolumeSource, path: string): void {
  checkFileMode(causes, source.defaultMode, `${path}.defaultMode`);
  for (const file of source.items ?? []) checkDownwardFile(causes, file, path);
}

function checkCsi(causes: Cause[], source: CSIVolumeSource, path: string): void {
  checkCsiDriverName(causes, source.driver, `${path}.driver`);
  const reference = source.nodePublishSecretRef;
  if (!reference) return;
  if (!checkRequired(causes, `${path}.nodePublishSecretRef.name`, reference.name)) return;
  checkFormat(causes, `${path}.name`, reference.name!, dns1123Subdomain);
}

function checkEphemeral(causes: Cause[], source: EphemeralVolumeSource, path: string): void {
  const template = source.volumeClaimTemplate;
  const at = `${path}.volumeClaimTemplate`;
  if (!template) return void causes.push(required(at));
  checkAnnotations(causes, template.metadata?.annotations, `${at}.metadata.annotations`);
  checkLabels(causes, template.metadata?.labels, `${at}.metadata.labels`);
  for (const field in template.metadata) {
    if (field === 'annotations' || field === 'labels') continue;
    causes.push(forbiddenField(`${at}.metadata.${field}`, 'cannot be set'));
  }
  checkPersistentVolumeClaimSpec(causes, template.spec ?? {}, `${at}.spec`);
}

function checkImage(causes: Cause[], source: ImageVolumeSource, path: string): void {
  checkRequired(causes, `${path}.reference`, source.reference);
  checkRequiredOneOf(causes, `${path}.pullPolicy`, source.pullPolicy, PULL_POLICIES);
}

export const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
