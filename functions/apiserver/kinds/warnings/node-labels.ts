import { labelValue } from '../../../../lib/api/names.ts';
import type { LabelSelector, NodeSelectorTerm } from '../../../../lib/api/types.ts';

/** Source: deprecatedNodeLabels in k8s.io/kubernetes/pkg/api/node. */
const DEPRECATED: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  ['scheduler.alpha.kubernetes.io/preferAvoidPods', 'deprecated since v1.22; use Taints and Tolerations instead'],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
]);

export const deprecatedNodeLabel = (key: string | undefined): string | undefined => DEPRECATED.get(key ?? '');

/** `field` says where each key is shown to be. */
export function warnOfNodeLabels(
  warnings: string[],
  labels: Record<string, string> | undefined,
  field: (key: string) => string,
): void {
  for (const key in labels) {
    const why = deprecatedNodeLabel(key);
    if (why) warnings.push(`${field(key)}: ${why}`);
  }
}

/** Source: GetWarningsForNodeSelectorTerm. */
export function warnOfTerm(warnings: string[], term: NodeSelectorTerm, values: boolean, path: string): void {
  term.matchExpressions?.forEach((expression, i) => {
    const at = `${path}.matchExpressions[${i}]`;
    warnOfKey(warnings, expression.key, `${at}.key`);
    if (!values) return;
    expression.values?.forEach((value, j) => {
      for (const fault of labelValue(value)) warnings.push(`${at}.values[${j}]: ${value} is invalid, ${fault}`);
    });
  });
}

/** Source: GetWarningsForNodeSelector. */
export function warnOfNodeSelector(warnings: string[], selector: LabelSelector | undefined, path: string): void {
  selector?.matchExpressions?.forEach(({ key }, i) => {
    warnOfKey(warnings, key, `${path}.matchExpressions[${i}].key`);
  });
  warnOfNodeLabels(warnings, selector?.matchLabels, (key) => `${path}.matchLabels.${key}`);
}

export function warnOfKey(warnings: string[], key: string | undefined, field: string): void {
  const why = deprecatedNodeLabel(key);
  if (why) warnings.push(`${field}: ${key} is ${why}`);
}
