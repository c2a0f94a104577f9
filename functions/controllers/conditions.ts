/** What condition types have in common. */
export interface Condition {
  type?: string | undefined;
  status?: string | undefined;
  reason?: string | undefined;
  message?: string | undefined;
  lastTransitionTime?: string | undefined;
}

export function conditionOf<C extends Condition>(conditions: readonly C[] | undefined, type: string): C | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Unchanged if status and reason are; lastTransitionTime moves only with the status. New ones go last. */
export function withCondition<C extends Condition>(conditions: readonly C[] | undefined, next: C): C[] {
  const old = conditionOf(conditions, next.type!);
  if (old && old.status === next.status && old.reason === next.reason) return [...conditions!];
  const since = old && old.status === next.status ? old.lastTransitionTime : next.lastTransitionTime;
  return [...without(conditions, next.type!), { ...next, lastTransitionTime: since }];
}

export function without<C extends Condition>(conditions: readonly C[] | undefined, type: string): C[] {
  return (conditions ?? []).filter((condition) => condition.type !== type);
}
