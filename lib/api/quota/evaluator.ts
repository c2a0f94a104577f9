import { Quantity } from '../quantity.ts';
import type { Quantities } from '../resource-list.ts';
import { qualified } from '../status.ts';
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../types.ts';
import { persistentVolumeClaimEvaluator } from './persistent-volume-claim.ts';
import { podEvaluator } from './pod.ts';
import { serviceEvaluator } from './service.ts';

/** What one kind's objects use of a quota. Source: k8s.io/kubernetes/pkg/quota/v1 */
export interface Evaluator {
  /** Whether a quota's resource name counts objects of this kind. */
  tracks(name: string): boolean;
  usage(object: any, nowMs: number): Quantities;
  matchesScope(selector: ScopedResourceSelectorRequirement, object: any): boolean;
  /** What the object must say because a quota asks for it. */
  fault?(required: readonly string[], object: any): string | undefined;
}

export const ONE = Quantity.of(1);
export const NONE = Quantity.of(0);

interface GroupResource {
  group: string;
  resource: string;
}

const EVALUATORS: Readonly<Record<string, Evaluator>> = {
  pods: podEvaluator,
  services: serviceEvaluator,
  persistentvolumeclaims: persistentVolumeClaimEvaluator,
};

export function evaluatorOf(type: GroupResource): Evaluator {
  return EVALUATORS[qualified(type)] ?? objectCount(type);
}

/** Names that were counted before `count/` was. */
const ALIASES = ['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'];

function objectCount(type: GroupResource): Evaluator {
  const name = qualified(type);
  const names = ALIASES.includes(name) ? [`count/${name}`, name] : [`count/${name}`];
  return {
    tracks: (wanted) => names.includes(wanted),
    usage: () => new Map(names.map((counted) => [counted, ONE])),
    matchesScope: () => false,
  };
}

export function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  const plain = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...plain, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** All scopes must hold, and at least one of the names must count this kind. */
export function applies(evaluator: Evaluator, quota: ResourceQuota, object: unknown): boolean {
  if (!Object.keys(quota.status?.hard ?? {}).some((name) => evaluator.tracks(name))) return false;
  return scopesOf(quota).every((selector) => evaluator.matchesScope(selector, object));
}
