import type { Stored } from '../object.ts';
import { compareQuantities } from '../quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../types.ts';

export const FILE_SYSTEM_PENDING = 'FileSystemResizePending';
const OF_GROWTH = ['Resizing', FILE_SYSTEM_PENDING, 'ControllerResizeError', 'NodeResizeError'];

type ClaimStatus = NonNullable<PersistentVolumeClaim['status']>;

/** The volume has grown, and what is in it has not: the node's part is left. */
export function needsNodeExpansion(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const has = claim.status?.capacity?.['storage'];
  const size = volume.spec?.capacity?.['storage'];
  return has !== undefined && size !== undefined && compareQuantities(size, has) > 0;
}

/** All has grown: the size is the claim's, and nothing is said of growing any more. Source: pkg/volume/util MarkFSResizeFinished. */
export function expandedStatus({ status = {} }: PersistentVolumeClaim, storage: string): ClaimStatus {
  const { conditions = [], allocatedResourceStatuses, allocatedResources, ...rest } = status;
  const left = conditions.filter(({ type }) => !OF_GROWTH.includes(type ?? ''));
  return {
    ...rest,
    capacity: { ...rest.capacity, storage },
    ...(allocatedResources ? { allocatedResources } : {}),
    ...(left.length > 0 ? { conditions: left } : {}),
  };
}

/** Its file system can only grow before the next mount. */
export function pendingStatus(claim: Stored<PersistentVolumeClaim>, now: string): ClaimStatus {
  const { conditions = [], ...rest } = claim.status ?? {};
  const message = 'Waiting for user to (re-)start a pod to finish file system resize of volume on node.';
  const pending = { type: FILE_SYSTEM_PENDING, status: 'True', message, lastTransitionTime: now };
  return { ...rest, conditions: [...conditions.filter(({ type }) => !OF_GROWTH.includes(type ?? '')), pending] };
}
