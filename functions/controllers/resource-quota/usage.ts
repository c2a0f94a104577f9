import { Quantity } from '../../../lib/api/quantity.ts';
import { applies, evaluatorOf } from '../../../lib/api/quota/evaluator.ts';
import { addTo, mask, type Quantities, quantities, toResourceList } from '../../../lib/api/resource-list.ts';
import type { ResourceQuota, ResourceQuotaStatus } from '../../../lib/api/types.ts';

export interface Counted {
  group: string;
  resource: string;
  objects: readonly object[];
}

/** What a quota's status should say of these objects. Pure. */
export function quotaStatus(quota: ResourceQuota, counted: readonly Counted[], nowMs: number): ResourceQuotaStatus {
  const hard = quota.spec?.hard ?? {};
  const asked = { ...quota, status: { hard } };
  const used: Quantities = new Map();
  for (const { group, resource, objects } of counted) {
    const evaluator = evaluatorOf({ group, resource });
    const names = Object.keys(hard).filter((name) => evaluator.tracks(name));
    for (const name of names) if (!used.has(name)) used.set(name, Quantity.of(0));
    if (names.length === 0) continue;
    for (const object of objects)
      if (applies(evaluator, asked, object))
        addTo(
          used,
          mask(evaluator.usage(object, nowMs), (name) => names.includes(name)),
        );
  }
  return { hard, used: toResourceList(used) };
}

/** Quantities are the same however they are written. */
export function sameQuantities(left: Record<string, string> = {}, right: Record<string, string> = {}): boolean {
  const [a, b] = [quantities(left), quantities(right)];
  return a.size === b.size && [...a].every(([name, quantity]) => b.get(name)?.compare(quantity) === 0);
}
