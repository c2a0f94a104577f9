import { goQuote } from '../../../lib/api/go-text.ts';
import { ageOf, name, type Row, type Rows, UNSET } from './row.ts';

const webhooksRow: Row = (o) => [name(o), (o.webhooks ?? []).length, ageOf(o)];
const bindingRow: Row = (o) => [name(o), o.spec?.policyName ?? '', parameter(o.spec?.paramRef), ageOf(o)];

function policyRow(rules: string): Row {
  return (o) => [name(o), (o.spec?.[rules] ?? []).length, parameterKind(o.spec?.paramKind), ageOf(o)];
}

export const policyRows: Rows = {
  'admissionregistration.k8s.io/mutatingwebhookconfigurations': webhooksRow,
  'admissionregistration.k8s.io/validatingwebhookconfigurations': webhooksRow,
  'admissionregistration.k8s.io/validatingadmissionpolicies': policyRow('validations'),
  'admissionregistration.k8s.io/mutatingadmissionpolicies': policyRow('mutations'),
  'admissionregistration.k8s.io/validatingadmissionpolicybindings': bindingRow,
  'admissionregistration.k8s.io/mutatingadmissionpolicybindings': bindingRow,
  'policy/poddisruptionbudgets': (o) => [
    name(o),
    String(o.spec?.minAvailable ?? 'N/A'),
    String(o.spec?.maxUnavailable ?? 'N/A'),
    o.status?.disruptionsAllowed ?? 0,
    ageOf(o),
  ],
};

function parameterKind(kind: any): string {
  return kind ? `${kind.apiVersion ?? ''}/${kind.kind ?? ''}` : UNSET;
}

function parameter(reference: any): string {
  if (reference?.name) return `${reference.namespace || '*'}/${reference.name}`;
  return reference?.selector ? selectorText(reference.selector) : UNSET;
}

/** As gogo's String of a LabelSelector has it. */
function selectorText({ matchLabels = {}, matchExpressions = [] }: any): string {
  const labels = Object.keys(matchLabels)
    .sort()
    .map((key) => `${key}: ${matchLabels[key]},`)
    .join('');
  const expressions = matchExpressions.map(
    (e: any) =>
      `LabelSelectorRequirement{Key:${e.key},Operator:${e.operator},Values:[${(e.values ?? []).map(goQuote).join(' ')}],},`,
  );
  return `&LabelSelector{MatchLabels:map[string]string{${labels}},MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`;
}
