import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain } from '../../../../lib/api/names.ts';
import { parseQuantity } from '../../../../lib/api/quantity.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CSIPersistentVolumeSource, PersistentVolume, PersistentVolumeSpec } from '../../../../lib/api/types.ts';
import type { KindRules, RuleContext } from '../../contract.ts';
import { checkFormat, checkImmutable, checkOneOf, checkRequired } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkNodeSelector } from '../pod-spec/affinity.ts';
import { checkLocal, REMOTE_SOURCES } from '../pod-spec/remote-volumes.ts';
import { defaultNetworkVolume } from '../pod-spec/volume-defaults.ts';
import { checkHostPath } from '../pod-spec/volumes.ts';
import { canonicalizeResources } from '../resource-list.ts';
import { keepStatus } from '../status.ts';
import { checkCsiDriverName } from '../storage/csi-driver-name.ts';
import { persistentVolumeWarnings } from '../warnings/persistent-volume.ts';
import { checkAccessModes, VOLUME_MODES } from './persistent-volume-claim-spec.ts';

/** Source: SetDefaults_PersistentVolume in k8s.io/kubernetes/pkg/apis/core/v1/defaults.go. */
function defaults(object: PersistentVolume): void {
  object.status = { phase: 'Pending', ...object.status };
  const { spec } = object;
  if (!spec) return;
  spec.persistentVolumeReclaimPolicy ||= 'Retain';
  spec.volumeMode ??= 'Filesystem';
  if (spec.hostPath) spec.hostPath.type ??= '';
  defaultNetworkVolume(spec as Parameters<typeof defaultNetworkVolume>[0]);
  canonicalizeResources(spec.capacity);
}

type SourceCheck = (causes: Cause[], source: any, path: string) => void;

const SOURCES: Readonly<Record<string, SourceCheck>> = {
  hostPath: checkHostPath,
  ...REMOTE_SOURCES,
  local: checkLocal,
  csi: checkCsi,
};

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain'];

/** Source: ValidatePersistentVolumeSpec in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate({ spec: given }: PersistentVolume): Cause[] {
  const causes: Cause[] = [];
  const spec = given ?? {};
  checkRequired(causes, 'spec.accessModes', spec.accessModes);
  checkAccessModes(causes, spec.accessModes, 'spec.accessModes');
  checkCapacity(causes, spec.capacity ?? {});
  if (spec.persistentVolumeReclaimPolicy) {
    checkOneOf(causes, 'spec.persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, RECLAIM_POLICIES);
  }
  checkNodeAffinity(causes, spec);
  checkSource(causes, spec);
  if (spec.storageClassName) checkFormat(causes, 'spec.storageClassName', spec.storageClassName, dns1123Subdomain);
  if (spec.volumeMode !== undefined) checkOneOf(causes, 'spec.volumeMode', spec.volumeMode, VOLUME_MODES);
  checkAttributesClass(causes, spec);
  return causes;
}

function checkCapacity(causes: Cause[], capacity: Record<string, string>): void {
  const names = Object.keys(capacity);
  if (names.length === 0) causes.push(required('spec.capacity'));
  if (names.length !== 1 || names[0] !== 'storage') {
    causes.push(notSupported('spec.capacity', names.length === 0 ? null : capacity, ['storage']));
  }
  for (const name of names) {
    if (parseQuantity(capacity[name]!).sign() > 0) continue;
    causes.push(invalidValue(`spec.capacity[${name}]`, capacity[name], 'must be greater than zero'));
  }
}

function checkNodeAffinity(causes: Cause[], { nodeAffinity }: PersistentVolumeSpec): void {
  if (!nodeAffinity) return;
  const path = 'spec.nodeAffinity.required';
  if (nodeAffinity.required) checkNodeSelector(causes, nodeAffinity.required, path);
  else causes.push(required(path, 'must specify required node constraints'));
}

function checkSource(causes: Cause[], spec: PersistentVolumeSpec): void {
  const given = Object.keys(SOURCES).filter((field) => spec[field as keyof PersistentVolumeSpec]);
  if (given.length === 0) causes.push(required('spec', 'must specify a volume type'));
  given.forEach((field, i) => {
    const path = `spec.${field}`;
    if (i === 0) SOURCES[field]!(causes, spec[field as keyof PersistentVolumeSpec], path);
    else causes.push(forbiddenField(path, 'may not specify more than 1 volume type'));
  });
  if (given[0] === 'local' && !spec.nodeAffinity) {
    causes.push(required('spec.nodeAffinity', 'Local volume requires node affinity'));
  }
  const isRoot = spec.hostPath && /^[/.]*$/.test(spec.hostPath.path ?? '');
  if (isRoot && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    causes.push(forbiddenField('spec.persistentVolumeReclaimPolicy', why));
  }
}

const CSI_SECRETS = [
  'controllerPublishSecretRef',
  'controllerExpandSecretRef',
  'nodePublishSecretRef',
  'nodeExpandSecretRef',
] as const;

function checkCsi(causes: Cause[], source: CSIPersistentVolumeSource, path: string): void {
  checkCsiDriverName(causes, source.driver, `${path}.driver`);
  checkRequired(causes, `${path}.volumeHandle`, source.volumeHandle);
  for (const field of CSI_SECRETS) {
    const reference = source[field];
    if (!reference) continue;
    const at = `${path}.${field}`;
    if (checkRequired(causes, `${at}.name`, reference.name)) {
      checkFormat(causes, `${at}.name`, reference.name!, dns1123Subdomain);
    }
    if (checkRequired(causes, `${at}.namespace`, reference.namespace)) {
      checkFormat(causes, `${at}.namespace`, reference.namespace!, dns1123Label);
    }
  }
}

function checkAttributesClass(causes: Cause[], { volumeAttributesClassName: name, csi }: PersistentVolumeSpec): void {
  if (name === undefined) return;
  const field = 'spec.volumeAttributesClassName';
  if (name === '') causes.push(required(field, 'an empty string is disallowed'));
  else checkFormat(causes, field, name, dns1123Subdomain);
  if (!csi) causes.push(required('spec.csi', 'has to be specified when using volumeAttributesClassName'));
}

/** Source: ValidatePersistentVolumeUpdate. */
function validateUpdate(object: PersistentVolume, old: PersistentVolume): Cause[] {
  const causes = validate(object);
  const [spec, before] = [object.spec ?? {}, old.spec ?? {}];
  const added = before.csi && !before.csi.controllerExpandSecretRef;
  const source = (s: PersistentVolumeSpec) =>
    Object.keys(SOURCES).map((field) => {
      const value: object | undefined = s[field as keyof PersistentVolumeSpec] as object | undefined;
      return field === 'csi' && added && value ? { ...value, controllerExpandSecretRef: undefined } : value;
    });
  if (!semanticEqual(source(spec), source(before))) {
    const why = 'spec.persistentvolumesource is immutable after creation\n';
    causes.push(forbiddenField('spec.persistentvolumesource', why));
  }
  checkImmutable(causes, 'volumeMode', spec.volumeMode, before.volumeMode);
  if (before.nodeAffinity && !semanticEqual(spec.nodeAffinity, before.nodeAffinity)) {
    const why = 'field is immutable, except for updating from beta label to GA';
    causes.push(invalidValue('nodeAffinity', spec.nodeAffinity ?? null, why));
  }
  return causes;
}

export const persistentVolume: KindRules = {
  defaults,
  prepareForCreate(object: PersistentVolume, { now }: RuleContext) {
    object.status = { phase: 'Pending', lastPhaseTransitionTime: now };
  },
  prepareForUpdate: keepStatus,
  validate,
  validateUpdate,
  validateStatusUpdate: () => [],
  warnings: persistentVolumeWarnings,
};
