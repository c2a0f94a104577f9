import type { Ingress, IngressClass } from '../../../lib/api/types.ts';
import type { AdmissionPlugin } from '../contract.ts';
import type { Reader } from '../reader.ts';
import { defaultClass } from './default-class.ts';
import { isFor } from './request.ts';

const DEFAULT = ['ingressclass.kubernetes.io/is-default-class'];
const ANNOTATED_CLASS = 'kubernetes.io/ingress.class';

/** An Ingress without a class gets the default one. Source: plugin/pkg/admission/network/defaultingressclass */
export function defaultIngressClass(reader: Reader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    async mutate(attributes) {
      if (attributes.operation !== 'CREATE' || !isFor(attributes, 'networking.k8s.io', 'ingresses')) return;
      const { spec, metadata } = attributes.object as Ingress;
      if (spec?.ingressClassName !== undefined || metadata?.annotations?.[ANNOTATED_CLASS] !== undefined) return;
      const found = defaultClass(await reader.list<IngressClass>('ingressclasses.networking.k8s.io'), DEFAULT);
      if (found) spec!.ingressClassName = found.metadata.name;
    },
  };
}
