import { forbidden, notFound } from '../../../lib/api/status.ts';
import type { Namespace } from '../../../lib/api/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { isFor, refusal } from './request.ts';

const IMMORTAL = ['default', 'kube-system', 'kube-public'];

/** Nothing is created in a namespace that is not there or is going away. Source: k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle */
export function namespaceLifecycle(reader: Reader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    async mutate(attributes) {
      const { operation, info } = attributes;
      if (info.group === '' && info.resource === 'namespaces') return checkDeletion(attributes);
      if (operation !== 'CREATE' || !info.namespace || isAccessReview(attributes)) return;
      const namespace = await reader.get<Namespace>('namespaces', info.namespace);
      if (!namespace) throw notFound({ group: '', resource: 'namespaces' }, info.namespace);
      if (namespace.status?.phase === 'Terminating') throw terminating(attributes);
    },
  };
}

function checkDeletion({ operation, info }: AdmissionAttributes): void {
  if (operation !== 'DELETE' || !IMMORTAL.includes(info.name)) return;
  throw forbidden({ group: '', resource: 'namespaces' }, info.name, 'this namespace may not be deleted');
}

/** A "not found" would tell who may not know which namespaces there are. */
function isAccessReview(attributes: AdmissionAttributes): boolean {
  return isFor(attributes, 'authorization.k8s.io', 'localsubjectaccessreviews');
}

function terminating(attributes: AdmissionAttributes) {
  const { namespace } = attributes.info;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = refusal(attributes, why);
  error.details!.causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ];
  return error;
}
