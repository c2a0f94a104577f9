import { forbiddenField, invalidValue, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  Affinity,
  LabelSelector,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '../../../../lib/api/types.ts';
import { checkFormat } from '../check.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { checkLabelKey } from '../metadata.ts';

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';

/** Source: validateAffinity in k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkAffinity(causes: Cause[], affinity: Affinity | undefined, path: string): void {
  if (!affinity) return;
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  const nodes = `${path}.nodeAffinity`;
  if (nodeAffinity?.[REQUIRED]) checkNodeSelector(causes, nodeAffinity[REQUIRED], `${nodes}.${REQUIRED}`);
  nodeAffinity?.[PREFERRED]?.forEach(({ weight, preference }, i) => {
    checkWeight(causes, weight, `${nodes}.${PREFERRED}[${i}]`);
    checkNodeSelectorTerm(causes, preference ?? {}, `${nodes}.${PREFERRED}[${i}].preference`, false);
  });
  if (podAffinity) checkPodAffinity(causes, podAffinity, `${path}.podAffinity`);
  if (podAntiAffinity) checkPodAffinity(causes, podAntiAffinity, `${path}.podAntiAffinity`);
}

function checkWeight(causes: Cause[], weight: number | undefined, path: string): void {
  const value = weight ?? 0;
  if (value <= 0 || value > 100) causes.push(invalidValue(`${path}.weight`, value, 'must be in the range 1-100'));
}

/** Also a PersistentVolume's. */
export function checkNodeSelector(causes: Cause[], selector: NodeSelector, path: string): void {
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) {
    causes.push(required(`${path}.nodeSelectorTerms`, 'must have at least one node selector term'));
  }
  terms.forEach((term, i) => {
    checkNodeSelectorTerm(causes, term, `${path}.nodeSelectorTerms[${i}]`, true);
  });
}

/** Preferences were never held to the format of label values. */
function checkNodeSelectorTerm(causes: Cause[], term: NodeSelectorTerm, path: string, values: boolean): void {
  term.matchExpressions?.forEach((requirement, i) => {
    checkNodeExpression(causes, requirement, `${path}.matchExpressions[${i}]`, values);
  });
  term.matchFields?.forEach((requirement, i) => {
    checkNodeField(causes, requirement, `${path}.matchFields[${i}]`);
  });
}

function checkNodeExpression(
  causes: Cause[],
  requirement: NodeSelectorRequirement,
  path: string,
  checkValues: boolean,
): void {
  const { key, values = [] } = requirement;
  checkNodeOperator(causes, requirement, path);
  checkLabelKey(causes, `${path}.key`, key ?? '');
  if (!checkValues) return;
  values.forEach((value, i) => {
    checkFormat(causes, `${path}.values[${i}]`, value, labelValue);
  });
}

function checkNodeOperator(causes: Cause[], { operator, values = [] }: NodeSelectorRequirement, path: string): void {
  const field = `${path}.values`;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length > 0) return;
      return void causes.push(required(field, "must be specified when `operator` is 'In' or 'NotIn'"));
    case 'Exists':
    case 'DoesNotExist':
      if (values.length === 0) return;
      return void causes.push(
        forbiddenField(field, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      );
    case 'Gt':
    case 'Lt':
      if (values.length === 1) return;
      return void causes.push(required(field, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
    default:
      causes.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
  }
}

function checkNodeField(causes: Cause[], { key, operator, values = [] }: NodeSelectorRequirement, path: string): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    causes.push(invalidValue(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
  } else if (values.length !== 1) {
    const why = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    causes.push(required(`${path}.values`, why));
  }
  if (key !== 'metadata.name') {
    causes.push(invalidValue(`${path}.key`, key ?? '', 'not a valid field selector key'));
    return;
  }
  values.forEach((value, i) => {
    checkFormat(causes, `${path}.values[${i}]`, value, dns1123Subdomain);
  });
}

function checkPodAffinity(causes: Cause[], affinity: PodAffinity, path: string): void {
  affinity[REQUIRED]?.forEach((term, i) => {
    checkPodAffinityTerm(causes, term, `${path}.${REQUIRED}[${i}]`);
  });
  affinity[PREFERRED]?.forEach(({ weight, podAffinityTerm }, i) => {
    const at = `${path}.${PREFERRED}[${i}]`;
    checkWeight(causes, weight, at);
    checkPodAffinityTerm(causes, podAffinityTerm ?? { topologyKey: '' }, `${at}.podAffinityTerm`);
  });
}

function checkPodAffinityTerm(causes: Cause[], term: PodAffinityTerm, path: string): void {
  checkLabelSelector(causes, term.labelSelector, `${path}.labelSelector`);
  checkLabelSelector(causes, term.namespaceSelector, `${path}.namespaceSelector`);
  for (const namespace of term.namespaces ?? []) checkFormat(causes, `${path}.namespace`, namespace, dns1123Label);
  checkMatchLabelKeys(causes, term.matchLabelKeys, term.mismatchLabelKeys, term.labelSelector, path);
  if (!term.topologyKey) causes.push(required(`${path}.topologyKey`, 'can not be empty'));
  checkFormat(causes, `${path}.topologyKey`, term.topologyKey ?? '', qualifiedName);
}

/** Source: ValidateMatchLabelKeysAndMismatchLabelKeys; topology spread constraints use it too. */
export function checkMatchLabelKeys(
  causes: Cause[],
  match: string[] = [],
  mismatch: string[] = [],
  selector: LabelSelector | undefined,
  path: string,
): void {
  checkKeys(causes, match, selector, `${path}.matchLabelKeys`);
  checkKeys(causes, mismatch, selector, `${path}.mismatchLabelKeys`);
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}));
  for (const { key } of selector?.matchExpressions ?? []) {
    const at = match.lastIndexOf(key);
    // The merged expression is expected; a second one for the same key is not. Upstream leaves the field's name out.
    if (at >= 0 && seen.has(key)) {
      causes.push(invalidValue(`${path}[${at}]`, key, 'exists in both matchLabelKeys and labelSelector'));
    }
    seen.add(key);
  }
  match.forEach((key, i) => {
    if (!mismatch.includes(key)) return;
    const why = 'exists in both matchLabelKeys and mismatchLabelKeys';
    causes.push(invalidValue(`${path}.matchLabelKeys[${i}]`, key, why));
  });
}

function checkKeys(causes: Cause[], keys: string[], selector: LabelSelector | undefined, path: string): void {
  if (keys.length === 0) return;
  if (!selector) return void causes.push(forbiddenField(path, 'must not be specified when labelSelector is not set'));
  keys.forEach((key, i) => {
    checkLabelKey(causes, `${path}[${i}]`, key);
  });
}
