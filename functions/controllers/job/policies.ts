import type { Stored } from '../../../lib/api/object.ts';
import type { Job, Pod, PodFailurePolicyRule, SuccessPolicyRule } from '../../../lib/api/types.ts';
import { parseIndexes } from './indexes.ts';

export interface FailureMatch {
  action: string;
  message: string;
}

/** The first rule that matches a failed pod. KEP-3329; source: pod_failure_policy.go. */
export function matchFailurePolicy({ spec }: Job, pod: Stored<Pod>): FailureMatch | undefined {
  const rules = spec?.podFailurePolicy?.rules ?? [];
  for (const [i, rule] of rules.entries()) {
    const what = pod.status?.phase === 'Failed' ? (matchExitCodes(rule, pod) ?? matchConditions(rule, pod)) : undefined;
    if (what) return { action: rule.action, message: `${what} matching ${rule.action} rule at index ${i}` };
  }
  return undefined;
}

function matchExitCodes({ onExitCodes }: PodFailurePolicyRule, { metadata, status }: Stored<Pod>): string | undefined {
  if (!onExitCodes) return undefined;
  const { containerName, operator, values } = onExitCodes;
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const failed = statuses.find(({ name, state }) => {
    const code = state?.terminated?.exitCode;
    if (!code || (containerName && containerName !== name)) return false;
    return values.includes(code) === (operator === 'In');
  });
  if (!failed) return undefined;
  return `Container ${failed.name} for pod ${metadata.namespace}/${metadata.name} failed with exit code ${failed.state!.terminated!.exitCode}`;
}

function matchConditions(
  { onPodConditions }: PodFailurePolicyRule,
  { metadata, status }: Stored<Pod>,
): string | undefined {
  const match = onPodConditions?.find((pattern) =>
    status?.conditions?.some(
      (condition) => condition.type === pattern.type && condition.status === (pattern.status ?? 'True'),
    ),
  );
  return match && `Pod ${metadata.namespace}/${metadata.name} has condition ${match.type}`;
}

/** KEP-3998: the job may succeed before all indexes do. */
export function matchSuccessPolicy({ spec }: Job, succeeded: ReadonlySet<number>): string | undefined {
  const rules = spec?.successPolicy?.rules ?? [];
  const i = rules.findIndex((rule) => isMet(rule, succeeded, spec?.completions ?? 0));
  return i < 0 ? undefined : `Matched rules at index ${i}`;
}

function isMet(
  { succeededIndexes, succeededCount }: SuccessPolicyRule,
  succeeded: ReadonlySet<number>,
  completions: number,
): boolean {
  const wanted = succeededIndexes === undefined ? succeeded : parseIndexes(succeededIndexes, completions);
  const met = [...wanted].filter((index) => succeeded.has(index)).length;
  return met >= (succeededCount ?? (succeededIndexes === undefined ? Infinity : wanted.size));
}
