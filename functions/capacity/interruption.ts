import { isReason } from '../../lib/api/status.ts';
import type { Client } from '../../lib/client/client.ts';
import type { Clock } from '../../lib/runtime/clock.ts';
import { ENDS_AT, nodeClaims } from './api.ts';

/** What EventBridge tells of an instance. Source: "Spot Instance interruption notices", "EC2 instance rebalance recommendations". */
export interface InstanceNotice {
  source: 'aws.ec2';
  'detail-type': string;
  detail: { 'instance-id': string };
}

export function isInstanceNotice(event: unknown): event is InstanceNotice {
  const notice = event as Partial<InstanceNotice> | null;
  return notice?.source === 'aws.ec2' && typeof notice.detail?.['instance-id'] === 'string';
}

/** Two minutes are given; what a pod needs to write its last words is not to be cut off by the machine. */
const NOTICE_MS = 110_000;

/** A machine that the cloud takes back, or is likely to, is drained, and its pods find another: at the latest when it ends. */
export async function heed(notice: InstanceNotice, client: Client, clock: Clock): Promise<void> {
  const id = notice.detail['instance-id'];
  const { items } = await client.list(nodeClaims);
  const claim = items.find(({ status }) => status?.instanceID === id);
  if (!claim) return;
  const { name, uid } = claim.metadata;
  try {
    if (notice['detail-type'].includes('Interruption')) {
      const annotations = { [ENDS_AT]: new Date(clock.now() + NOTICE_MS).toISOString() };
      await client.patch(nodeClaims, { name }, { type: 'merge', body: { metadata: { annotations } } });
    }
    await client.delete(nodeClaims, { name }, { uid });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
}
