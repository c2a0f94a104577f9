import type { ListAnswer } from '../registry/call.ts';

/** metav1.ListMeta of a list's page. */
export function listMeta({ resourceVersion, continue: token, remaining }: ListAnswer): object {
  return {
    resourceVersion,
    ...(token ? { continue: token } : {}),
    ...(token && remaining !== undefined ? { remainingItemCount: remaining } : {}),
  };
}
