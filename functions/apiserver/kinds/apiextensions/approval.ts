import { invalidValue, required } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { CustomResourceDefinition } from '../../../../lib/api/types.ts';

const APPROVED = 'api-approved.kubernetes.io';
const FIELD = `metadata.annotations[${APPROVED}]`;
const SEE = 'see https://github.com/kubernetes/enhancements/pull/1111';
const MISSING = `protected groups must have approval annotation "${APPROVED}", ${SEE}`;
const INVALID = `protected groups must have approval annotation "${APPROVED}" with either a URL or a reason starting with "unapproved", ${SEE}`;

type Approval = 'missing' | 'bypassed' | 'approved' | 'invalid';

/** Groups of the Kubernetes community need its approval. Source: validateAPIApproval in k8s.io/apiextensions-apiserver. */
export function checkApproval(
  causes: Cause[],
  object: CustomResourceDefinition,
  old: CustomResourceDefinition | undefined,
): void {
  if (!/(?:^|\.)(?:k8s|kubernetes)\.io$/.test(object.spec?.group ?? '')) return;
  const approval = approvalOf(object);
  if (old && approval === approvalOf(old)) return;
  if (approval === 'missing') causes.push(required(FIELD, MISSING));
  if (approval === 'invalid') causes.push(invalidValue(FIELD, annotation(object), INVALID));
}

const annotation = ({ metadata }: CustomResourceDefinition) => metadata?.annotations?.[APPROVED] ?? '';

function approvalOf(object: CustomResourceDefinition): Approval {
  const value = annotation(object);
  if (value === '') return 'missing';
  if (value.startsWith('unapproved')) return 'bypassed';
  return URL.canParse(value) && new URL(value).host !== '' ? 'approved' : 'invalid';
}
