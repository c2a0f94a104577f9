import type { Stored } from '../../../lib/api/object.ts';
import type { ObjectMeta } from '../../../lib/api/types.ts';

/** The class that an annotation marks as default; of several the newest, then the first by name. */
export function defaultClass<T extends { metadata?: ObjectMeta | undefined }>(
  classes: readonly Stored<T>[],
  annotations: readonly string[],
): Stored<T> | undefined {
  const marked = classes.filter(({ metadata }) => annotations.some((key) => metadata.annotations?.[key] === 'true'));
  return marked.sort((left, right) => newestFirst(left.metadata, right.metadata))[0];
}

function newestFirst(left: ObjectMeta, right: ObjectMeta): number {
  const byAge = (right.creationTimestamp ?? '').localeCompare(left.creationTimestamp ?? '');
  return byAge || ((left.name ?? '') < (right.name ?? '') ? -1 : 1);
}
