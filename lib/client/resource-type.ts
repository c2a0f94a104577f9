import type { KubeObject } from '../api/object.ts';
import type * as api from '../api/types.ts';

/** A typed handle on a resource: what the client's verbs take. */
export interface ResourceType<T> {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Only metadata is wanted (PartialObjectMetadata). A cache shared with someone who wants all holds all. */
  readonly partial?: boolean;
  /** Carries T; never there at run time. */
  readonly object?: T;
}

export function resourceType<T>(
  group: string,
  version: string,
  resource: string,
  kind: string,
  namespaced = true,
): ResourceType<T> {
  return { group, version, resource, kind, namespaced };
}

/** The same resource, metadata only. */
export function metadataOf(type: ResourceType<unknown>): ResourceType<Pick<KubeObject, 'metadata'>> {
  return { ...resourceType(type.group, type.version, type.resource, type.kind, type.namespaced), partial: true };
}

export const configMaps = resourceType<api.ConfigMap>('', 'v1', 'configmaps', 'ConfigMap');
export const endpoints = resourceType<api.Endpoints>('', 'v1', 'endpoints', 'Endpoints');
export const events = resourceType<api.Event>('', 'v1', 'events', 'Event');
export const namespaces = resourceType<api.Namespace>('', 'v1', 'namespaces', 'Namespace', false);
export const nodes = resourceType<api.Node>('', 'v1', 'nodes', 'Node', false);
export const persistentVolumeClaims = resourceType<api.PersistentVolumeClaim>(
  '',
  'v1',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
);
export const persistentVolumes = resourceType<api.PersistentVolume>(
  '',
  'v1',
  'persistentvolumes',
  'PersistentVolume',
  false,
);
export const pods = resourceType<api.Pod>('', 'v1', 'pods', 'Pod');
export const replicationControllers = resourceType<api.ReplicationController>(
  '',
  'v1',
  'replicationcontrollers',
  'ReplicationController',
);
export const resourceQuotas = resourceType<api.ResourceQuota>('', 'v1', 'resourcequotas', 'ResourceQuota');
export const secrets = resourceType<api.Secret>('', 'v1', 'secrets', 'Secret');
export const serviceAccounts = resourceType<api.ServiceAccount>('', 'v1', 'serviceaccounts', 'ServiceAccount');
export const services = resourceType<api.Service>('', 'v1', 'services', 'Service');
export const daemonSets = resourceType<api.DaemonSet>('apps', 'v1', 'daemonsets', 'DaemonSet');
export const deployments = resourceType<api.Deployment>('apps', 'v1', 'deployments', 'Deployment');
export const replicaSets = resourceType<api.ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet');
export const statefulSets = resourceType<api.StatefulSet>('apps', 'v1', 'statefulsets', 'StatefulSet');
export const controllerRevisions = resourceType<api.ControllerRevision>(
  'apps',
  'v1',
  'controllerrevisions',
  'ControllerRevision',
);
export const horizontalPodAutoscalers = resourceType<api.AutoscalingHorizontalPodAutoscaler>(
  'autoscaling',
  'v2',
  'horizontalpodautoscalers',
  'HorizontalPodAutoscaler',
);
export const jobs = resourceType<api.Job>('batch', 'v1', 'jobs', 'Job');
export const cronJobs = resourceType<api.CronJob>('batch', 'v1', 'cronjobs', 'CronJob');
export const endpointSlices = resourceType<api.EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'endpointslices',
  'EndpointSlice',
);
export const leases = resourceType<api.Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease');
export const priorityClasses = resourceType<api.PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'priorityclasses',
  'PriorityClass',
  false,
);
export const clusterRoles = resourceType<api.ClusterRole>(
  'rbac.authorization.k8s.io',
  'v1',
  'clusterroles',
  'ClusterRole',
  false,
);
export const podDisruptionBudgets = resourceType<api.PodDisruptionBudget>(
  'policy',
  'v1',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
);
export const customResourceDefinitions = resourceType<api.CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'customresourcedefinitions',
  'CustomResourceDefinition',
  false,
);
export const storageClasses = resourceType<api.StorageClass>(
  'storage.k8s.io',
  'v1',
  'storageclasses',
  'StorageClass',
  false,
);
export const volumeAttachments = resourceType<api.VolumeAttachment>(
  'storage.k8s.io',
  'v1',
  'volumeattachments',
  'VolumeAttachment',
  false,
);
export const csiDrivers = resourceType<api.CSIDriver>('storage.k8s.io', 'v1', 'csidrivers', 'CSIDriver', false);
export const csiNodes = resourceType<api.CSINode>('storage.k8s.io', 'v1', 'csinodes', 'CSINode', false);
export const csiStorageCapacities = resourceType<api.CSIStorageCapacity>(
  'storage.k8s.io',
  'v1',
  'csistoragecapacities',
  'CSIStorageCapacity',
);
export const volumeAttributesClasses = resourceType<api.VolumeAttributesClass>(
  'storage.k8s.io',
  'v1',
  'volumeattributesclasses',
  'VolumeAttributesClass',
  false,
);
export const certificateSigningRequests = resourceType<api.CertificateSigningRequest>(
  'certificates.k8s.io',
  'v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
  false,
);
export const subjectAccessReviews = resourceType<api.SubjectAccessReview>(
  'authorization.k8s.io',
  'v1',
  'subjectaccessreviews',
  'SubjectAccessReview',
  false,
);
export const ingresses = resourceType<api.Ingress>('networking.k8s.io', 'v1', 'ingresses', 'Ingress');
export const ingressClasses = resourceType<api.IngressClass>(
  'networking.k8s.io',
  'v1',
  'ingressclasses',
  'IngressClass',
  false,
);
export const networkPolicies = resourceType<api.NetworkPolicy>(
  'networking.k8s.io',
  'v1',
  'networkpolicies',
  'NetworkPolicy',
);
