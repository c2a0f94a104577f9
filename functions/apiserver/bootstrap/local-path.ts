import { LOCAL_PATH_PROVISIONER } from '../../../lib/api/volumes/annotations.ts';
import type { Expected } from './plan.ts';
import { keep, reconcileBinding, reconcileRole } from './policy.ts';

const RBAC = 'rbac.authorization.k8s.io';
const NAME = 'system:local-path-provisioner';
/** The group of the nodes' provisioners, in their certificates. */
export const LOCAL_PATH_GROUP = 'system:local-path-provisioners';
const META = { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } };

const rule = (apiGroup: string, resources: string[], verbs: string[]) => ({ apiGroups: [apiGroup], resources, verbs });

/** What external-provisioner and external-resizer are allowed, as far as volumes on a node's disk need it. */
const RULES = [
  rule('', ['persistentvolumes'], ['create', 'delete', 'get', 'list', 'update', 'watch']),
  rule('', ['persistentvolumeclaims'], ['get', 'list', 'watch']),
  rule('', ['persistentvolumeclaims/status'], ['update']),
  rule('', ['nodes'], ['get']),
  rule('storage.k8s.io', ['storageclasses'], ['get', 'list', 'watch']),
  rule('', ['events'], ['create', 'patch']),
];

const CLASS = {
  kind: 'StorageClass',
  apiVersion: 'storage.k8s.io/v1',
  provisioner: LOCAL_PATH_PROVISIONER,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'WaitForFirstConsumer',
  allowVolumeExpansion: true,
};

/** What a cluster whose nodes provision volumes on their disks has beside the rest. Who changes a class keeps it so. */
export const localPathObjects: readonly Expected[] = [
  {
    type: 'storageclasses.storage.k8s.io',
    objects: [
      {
        ...CLASS,
        metadata: { name: 'local-path', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
      },
      // A file system of exactly the size that was asked for, in a file.
      { ...CLASS, metadata: { name: 'local-image' }, parameters: { backing: 'image' } },
    ],
    reconcile: keep,
  },
  {
    type: `clusterroles.${RBAC}`,
    objects: [
      {
        kind: 'ClusterRole',
        apiVersion: `${RBAC}/v1`,
        metadata: { name: NAME, ...META, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } },
        rules: RULES,
      },
    ],
    reconcile: reconcileRole,
  },
  {
    type: `clusterrolebindings.${RBAC}`,
    objects: [
      {
        kind: 'ClusterRoleBinding',
        apiVersion: `${RBAC}/v1`,
        metadata: { name: NAME, ...META, annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' } },
        roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: NAME },
        subjects: [{ apiGroup: RBAC, kind: 'Group', name: LOCAL_PATH_GROUP }],
      },
    ],
    reconcile: reconcileBinding,
  },
];
