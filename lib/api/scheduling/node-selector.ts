import type { Node, NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec } from '../types.ts';

const INTEGER = /^[+-]?\d+$/;

/** Terms are alternatives; a term without requirements matches nothing. Source: k8s.io/component-helpers/scheduling/corev1/nodeaffinity. */
export function matchesNodeSelector(selector: NodeSelector, node: Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => satisfies(requirement, node.metadata?.labels?.[requirement.key])) &&
    // metadata.name is the only field there is.
    matchFields.every((requirement) => satisfies(requirement, node.metadata?.name))
  );
}

function satisfies({ operator, values = [] }: NodeSelectorRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt':
      return compares(operator === 'Gt', value, values[0]);
    default:
      return false;
  }
}

function compares(greater: boolean, value: string | undefined, bound: string | undefined): boolean {
  if (!value || !bound || !INTEGER.test(value) || !INTEGER.test(bound)) return false;
  return greater ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

/** What a pod asks of its node: nodeSelector and required node affinity, both. */
export function matchesNodeAffinity(spec: PodSpec, node: Node): boolean {
  const labels = node.metadata?.labels ?? {};
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) if (labels[key] !== value) return false;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  return !required || matchesNodeSelector(required, node);
}
