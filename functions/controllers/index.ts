import type { Controller } from '../../lib/client/controller.ts';
import { createCertificateApprovingController } from './certificates/approving.ts';
import { createCertificateCleaner } from './certificates/cleaner.ts';
import { createServingApprovingController } from './certificates/serving-approving.ts';
import { createCertificateSigningController } from './certificates/signing.ts';
import { createClusterRoleAggregation } from './clusterrole-aggregation.ts';
import { createCronJobController } from './cronjob/cronjob.ts';
import { createDaemonSetController } from './daemonset/daemonset.ts';
import type { ControllerDependencies } from './dependencies.ts';
import { createDeploymentController } from './deployment/deployment.ts';
import { createDisruptionController } from './disruption/disruption.ts';
import { createEndpointsController } from './endpoints/endpoints.ts';
import { createEndpointSliceController } from './endpoints/endpointslice.ts';
import { createEndpointSliceMirroringController } from './endpoints/mirroring.ts';
import { createEventTtlController } from './event-ttl.ts';
import { createGarbageCollector } from './garbage-collector/garbage-collector.ts';
import { createHorizontalPodAutoscaler } from './horizontal-pod-autoscaler/horizontal-pod-autoscaler.ts';
import { createIngressController } from './ingress/ingress.ts';
import { createJobController } from './job/job.ts';
import { createNamespaceController } from './namespace/namespace.ts';
import { createCloudNodeControllers } from './node/cloud-node.ts';
import { createNodeIpamController } from './node/node-ipam.ts';
import { createNodeLifecycleController } from './node/node-lifecycle.ts';
import { createTaintEvictionController } from './node/taint-eviction.ts';
import { createPodGarbageCollector } from './pod-garbage-collector.ts';
import { createReplicaSetController } from './replicaset/replicaset.ts';
import { createReplicationController } from './replicaset/replication-controller.ts';
import { createResourceQuotaController } from './resource-quota/resource-quota.ts';
import { createRootCACertPublisher } from './root-ca-cert-publisher.ts';
import { createServiceLoadBalancer } from './service-lb/service-lb.ts';
import { createServiceAccountController } from './serviceaccount.ts';
import { createStatefulSetController } from './statefulset/statefulset.ts';
import { createAttachDetachController } from './storage/attach-detach/attach-detach.ts';
import { createAttributesClassProtectionController } from './storage/attributes-class-protection.ts';
import { createBinderController } from './storage/binder/binder.ts';
import { createClaimProtectionController } from './storage/claim-protection.ts';
import { createEphemeralVolumeController } from './storage/ephemeral-volume.ts';
import { createVolumeExpandController } from './storage/volume-expand.ts';
import { createVolumeProtectionController } from './storage/volume-protection.ts';
import { createTtlAfterFinishedController } from './ttl-after-finished.ts';

export type { ControllerDependencies } from './dependencies.ts';

/** Every controller of the control plane. Register all before the caches start: they add indexes. */
export function createControllers(dependencies: ControllerDependencies): Controller[] {
  return [
    createServiceAccountController(dependencies),
    createRootCACertPublisher(dependencies),
    createNamespaceController(dependencies),
    createReplicaSetController(dependencies),
    createReplicationController(dependencies),
    createDeploymentController(dependencies),
    createDaemonSetController(dependencies),
    createStatefulSetController(dependencies),
    createJobController(dependencies),
    createEndpointSliceController(dependencies),
    createEndpointsController(dependencies),
    createCronJobController(dependencies),
    createHorizontalPodAutoscaler(dependencies),
    createDisruptionController(dependencies),
    createEndpointSliceMirroringController(dependencies),
    createAttributesClassProtectionController(dependencies),
    createBinderController(dependencies),
    createEphemeralVolumeController(dependencies),
    createAttachDetachController(dependencies),
    createVolumeExpandController(dependencies),
    createClaimProtectionController(dependencies),
    createVolumeProtectionController(dependencies),
    createTtlAfterFinishedController(dependencies),
    createEventTtlController(dependencies),
    createGarbageCollector(dependencies),
    createNodeLifecycleController(dependencies),
    createTaintEvictionController(dependencies),
    createPodGarbageCollector(dependencies),
    createClusterRoleAggregation(dependencies),
    createResourceQuotaController(dependencies),
    createCertificateApprovingController(dependencies),
    createServingApprovingController(dependencies),
    createCertificateSigningController(dependencies),
    createCertificateCleaner(dependencies),
    ...(dependencies.loadBalancerAddresses
      ? [createServiceLoadBalancer(dependencies, dependencies.loadBalancerAddresses)]
      : []),
    ...(dependencies.ingressIP ? [createIngressController(dependencies, dependencies.ingressIP)] : []),
    ...(dependencies.cloud ? createCloudNodeControllers(dependencies, dependencies.cloud) : []),
    ...(dependencies.clusterCIDR ? [createNodeIpamController(dependencies, dependencies.clusterCIDR)] : []),
  ];
}
