import type { KindRules } from '../contract.ts';
import { mutatingAdmissionPolicy, validatingAdmissionPolicy } from './admissionregistration/admission-policy.ts';
import {
  mutatingAdmissionPolicyBinding,
  validatingAdmissionPolicyBinding,
} from './admissionregistration/admission-policy-binding.ts';
import { mutatingWebhookConfiguration, validatingWebhookConfiguration } from './admissionregistration/webhook.ts';
import { customResourceDefinition } from './apiextensions/custom-resource-definition.ts';
import { apiService } from './apiregistration/api-service.ts';
import { controllerRevision } from './apps/controller-revision.ts';
import { daemonSet } from './apps/daemon-set.ts';
import { deployment } from './apps/deployment.ts';
import { replicaSet } from './apps/replica-set.ts';
import { statefulSet } from './apps/stateful-set.ts';
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler.ts';
import { cronJob } from './batch/cron-job.ts';
import { job } from './batch/job.ts';
import { certificateSigningRequest } from './certificates/certificate-signing-request.ts';
import { clusterTrustBundle } from './certificates/cluster-trust-bundle.ts';
import { podCertificateRequest } from './certificates/pod-certificate-request.ts';
import { lease } from './coordination/lease.ts';
import { configMap } from './core/config-map.ts';
import { endpoints } from './core/endpoints.ts';
import { event } from './core/event.ts';
import { limitRange } from './core/limit-range.ts';
import { namespace } from './core/namespace.ts';
import { node } from './core/node.ts';
import { persistentVolume } from './core/persistent-volume.ts';
import { persistentVolumeClaim } from './core/persistent-volume-claim.ts';
import { pod } from './core/pod.ts';
import { podTemplate } from './core/pod-template.ts';
import { replicationController } from './core/replication-controller.ts';
import { resourceQuota } from './core/resource-quota.ts';
import { secret } from './core/secret.ts';
import { service } from './core/service.ts';
import { serviceAccount } from './core/service-account.ts';
import { endpointSlice } from './discovery/endpoint-slice.ts';
import { eventsEvent } from './events/event.ts';
import { flowSchema } from './flowcontrol/flow-schema.ts';
import { priorityLevelConfiguration } from './flowcontrol/priority-level-configuration.ts';
import { ingress } from './networking/ingress.ts';
import { ingressClass } from './networking/ingress-class.ts';
import { ipAddress } from './networking/ip-address.ts';
import { networkPolicy } from './networking/network-policy.ts';
import { serviceCidr } from './networking/service-cidr.ts';
import { runtimeClass } from './node/runtime-class.ts';
import { podDisruptionBudget } from './policy/pod-disruption-budget.ts';
import { clusterRole, role } from './rbac/role.ts';
import { clusterRoleBinding, roleBinding } from './rbac/role-binding.ts';
import { deviceClass } from './resource/device-class.ts';
import { deviceTaintRule } from './resource/device-taint-rule.ts';
import { resourceClaim, resourceClaimTemplate } from './resource/resource-claim.ts';
import { resourceSlice } from './resource/resource-slice.ts';
import { priorityClass } from './scheduling/priority-class.ts';
import { csiDriver } from './storage/csi-driver.ts';
import { csiNode } from './storage/csi-node.ts';
import { csiStorageCapacity } from './storage/csi-storage-capacity.ts';
import { storageClass } from './storage/storage-class.ts';
import { volumeAttachment } from './storage/volume-attachment.ts';
import { volumeAttributesClass } from './storage/volume-attributes-class.ts';
import { storageVersionMigration } from './storagemigration/storage-version-migration.ts';

/** The special rules of every built-in kind, by `group/resource`; the core group's by `/resource`. What is not here has none. */
export const kindRules: ReadonlyMap<string, KindRules> = new Map<string, KindRules>([
  ['/configmaps', configMap],
  ['/endpoints', endpoints],
  ['/events', event],
  ['/limitranges', limitRange],
  ['/namespaces', namespace],
  ['/nodes', node],
  ['/persistentvolumeclaims', persistentVolumeClaim],
  ['/persistentvolumes', persistentVolume],
  ['/pods', pod],
  ['/podtemplates', podTemplate],
  ['/replicationcontrollers', replicationController],
  ['/resourcequotas', resourceQuota],
  ['/secrets', secret],
  ['/serviceaccounts', serviceAccount],
  ['/services', service],
  ['admissionregistration.k8s.io/mutatingadmissionpolicies', mutatingAdmissionPolicy],
  ['admissionregistration.k8s.io/mutatingadmissionpolicybindings', mutatingAdmissionPolicyBinding],
  ['admissionregistration.k8s.io/mutatingwebhookconfigurations', mutatingWebhookConfiguration],
  ['admissionregistration.k8s.io/validatingadmissionpolicies', validatingAdmissionPolicy],
  ['admissionregistration.k8s.io/validatingadmissionpolicybindings', validatingAdmissionPolicyBinding],
  ['admissionregistration.k8s.io/validatingwebhookconfigurations', validatingWebhookConfiguration],
  ['apiextensions.k8s.io/customresourcedefinitions', customResourceDefinition],
  ['apiregistration.k8s.io/apiservices', apiService],
  ['apps/controllerrevisions', controllerRevision],
  ['apps/daemonsets', daemonSet],
  ['apps/deployments', deployment],
  ['apps/replicasets', replicaSet],
  ['apps/statefulsets', statefulSet],
  ['autoscaling/horizontalpodautoscalers', horizontalPodAutoscaler],
  ['batch/cronjobs', cronJob],
  ['batch/jobs', job],
  ['certificates.k8s.io/certificatesigningrequests', certificateSigningRequest],
  ['certificates.k8s.io/clustertrustbundles', clusterTrustBundle],
  ['certificates.k8s.io/podcertificaterequests', podCertificateRequest],
  ['coordination.k8s.io/leases', lease],
  ['discovery.k8s.io/endpointslices', endpointSlice],
  ['events.k8s.io/events', eventsEvent],
  ['flowcontrol.apiserver.k8s.io/flowschemas', flowSchema],
  ['flowcontrol.apiserver.k8s.io/prioritylevelconfigurations', priorityLevelConfiguration],
  ['networking.k8s.io/ingressclasses', ingressClass],
  ['networking.k8s.io/ingresses', ingress],
  ['networking.k8s.io/ipaddresses', ipAddress],
  ['networking.k8s.io/networkpolicies', networkPolicy],
  ['networking.k8s.io/servicecidrs', serviceCidr],
  ['node.k8s.io/runtimeclasses', runtimeClass],
  ['policy/poddisruptionbudgets', podDisruptionBudget],
  ['rbac.authorization.k8s.io/clusterrolebindings', clusterRoleBinding],
  ['rbac.authorization.k8s.io/clusterroles', clusterRole],
  ['rbac.authorization.k8s.io/rolebindings', roleBinding],
  ['rbac.authorization.k8s.io/roles', role],
  ['resource.k8s.io/deviceclasses', deviceClass],
  ['resource.k8s.io/devicetaintrules', deviceTaintRule],
  ['resource.k8s.io/resourceclaims', resourceClaim],
  ['resource.k8s.io/resourceclaimtemplates', resourceClaimTemplate],
  ['resource.k8s.io/resourceslices', resourceSlice],
  ['scheduling.k8s.io/priorityclasses', priorityClass],
  ['storage.k8s.io/csidrivers', csiDriver],
  ['storage.k8s.io/csinodes', csiNode],
  ['storage.k8s.io/csistoragecapacities', csiStorageCapacity],
  ['storage.k8s.io/storageclasses', storageClass],
  ['storage.k8s.io/volumeattachments', volumeAttachment],
  ['storage.k8s.io/volumeattributesclasses', volumeAttributesClass],
  ['storagemigration.k8s.io/storageversionmigrations', storageVersionMigration],
]);
