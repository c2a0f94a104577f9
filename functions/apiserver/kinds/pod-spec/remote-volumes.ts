import { invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { inclusiveRangeError } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import { checkOneOf, checkRequired } from '../check.ts';
import { checkIscsi } from './iscsi-volume.ts';
import { checkLocalDescendingPath, checkNoBacksteps } from './paths.ts';

type SourceCheck = (causes: Cause[], source: any, path: string) => void;

/** The fields without which a source names nothing. */
const needs =
  (...fields: string[]): SourceCheck =>
  (causes, source, path) => {
    for (const field of fields) checkRequired(causes, `${path}.${field}`, source[field]);
  };

/** Volume sources that point at a storage system. Nothing here runs them; they are kept and checked as upstream does. */
export const REMOTE_SOURCES: Readonly<Record<string, SourceCheck>> = {
  gitRepo(causes, source, path) {
    needs('repository')(causes, source, path);
    checkLocalDescendingPath(causes, source.directory ?? '', `${path}.directory`);
  },
  /** Told under the name that the field once had. */
  gcePersistentDisk(causes, source, path) {
    const at = path.replace(/gcePersistentDisk$/, 'persistentDisk');
    needs('pdName')(causes, source, at);
    checkPartition(causes, source.partition, `${at}.partition`);
  },
  awsElasticBlockStore(causes, source, path) {
    needs('volumeID')(causes, source, path);
    checkPartition(causes, source.partition, `${path}.partition`);
  },
  nfs(causes, source, path) {
    needs('server', 'path')(causes, source, path);
    if (!source.path?.startsWith('/')) {
      causes.push(invalidValue(`${path}.path`, source.path ?? '', 'must be an absolute path'));
    }
  },
  iscsi: checkIscsi,
  glusterfs: needs('endpoints', 'path'),
  flocker: () => {},
  rbd: needs('monitors', 'image'),
  cinder: needs('volumeID'),
  cephfs: needs('monitors'),
  quobyte: needs('registry', 'volume'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk: checkAzureDisk,
  azureFile(causes, source, path) {
    needs('secretName', 'shareName')(causes, source, path);
    if (source.secretNamespace === '') causes.push(required(`${path}.secretNamespace`));
  },
  storageos: needs('volumeName'),
  fc: checkFibreChannel,
  flexVolume(causes, source, path) {
    needs('driver')(causes, source, path);
    for (const key in source.options) {
      if (!/(?:^|\.)(?:kubernetes|k8s)\.io$/i.test(key.split('/')[0]!)) continue;
      const why = 'kubernetes.io and k8s.io namespaces are reserved';
      causes.push(invalidValue(`${path}.options[${key}]`, key, why));
    }
  },
  scaleIO: needs('gateway', 'system', 'volumeName'),
};

const MANAGED_URI = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const BLOB_URI = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

function checkAzureDisk(causes: Cause[], source: any, path: string): void {
  needs('diskName', 'diskURI')(causes, source, path);
  const { cachingMode, kind, diskURI = '' } = source;
  if (cachingMode !== undefined) {
    checkOneOf(causes, `${path}.cachingMode`, cachingMode, ['None', 'ReadOnly', 'ReadWrite']);
  }
  if (kind === undefined) return;
  checkOneOf(causes, `${path}.kind`, kind, ['Dedicated', 'Managed', 'Shared']);
  const [start, shown] = kind === 'Managed' ? ['/subscriptions/', MANAGED_URI] : ['https://', BLOB_URI];
  if (!diskURI.startsWith(start)) causes.push(notSupported(`${path}.diskURI`, diskURI, [shown]));
}

const LUN_MAX = 255;

function checkFibreChannel(causes: Cause[], source: any, path: string): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  const field = `${path}.targetWWNs`;
  if (targetWWNs.length === 0 && wwids.length === 0) {
    causes.push(required(field, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length === 0) return;
  if (wwids.length > 0) {
    causes.push(invalidValue(field, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  if (lun === undefined) causes.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'));
  else if (lun < 0 || lun > LUN_MAX) causes.push(invalidValue(`${path}.lun`, lun, inclusiveRangeError(0, LUN_MAX)));
}

function checkPartition(causes: Cause[], partition: number | undefined, field: string): void {
  if (partition === undefined || (partition >= 0 && partition <= 255)) return;
  causes.push(invalidValue(field, partition, inclusiveRangeError(1, 255)));
}

/** A directory or device on one node, only in PersistentVolumes. */
export function checkLocal(causes: Cause[], source: { path?: string }, path: string): void {
  if (checkRequired(causes, `${path}.path`, source.path)) checkNoBacksteps(causes, source.path!, `${path}.path`);
}
