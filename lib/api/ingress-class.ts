import type { Ingress, IngressClass } from './types.ts';

/** The controller that an IngressClass must name for the nodes' gateways to serve its Ingresses. */
export const INGRESS_CONTROLLER = 'zeroplane.dev/ingress-gateway';
/** What Ingresses said before there were classes. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

export function isServedIngress(ingress: Ingress, classOf: (name: string) => IngressClass | undefined): boolean {
  const name = ingress.spec?.ingressClassName ?? ingress.metadata?.annotations?.[CLASS_ANNOTATION];
  return name !== undefined && classOf(name)?.spec?.controller === INGRESS_CONTROLLER;
}
