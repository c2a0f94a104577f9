import { type Clock, timestamp } from '../../../lib/runtime/clock.ts';
import type { VirtualCreate } from '../dependencies.ts';

/** Who am I (KEP-3325). */
export function selfSubjectReviews(clock: Clock): VirtualCreate {
  return async (object, { user }) => ({
    ...object,
    metadata: { ...object.metadata, creationTimestamp: timestamp(clock) },
    status: { userInfo: { ...user } },
  });
}
