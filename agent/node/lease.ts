import { isReason } from '../../lib/api/status.ts';
import type { Lease, Node } from '../../lib/api/types.ts';
import { leases } from '../../lib/client/resource-type.ts';
import { delay } from '../../lib/runtime/clock.ts';
import { type Backoff, backoffMs } from '../../lib/runtime/queue.ts';
import type { AgentContext } from '../context.ts';

/** Source: kubelet nodeLeaseDurationSeconds, and its renewal at a quarter of it. */
const DURATION_SECONDS = 40;
const RENEWALS = 4;
/** Spread: a control plane that comes back is not met by all nodes at once. */
const RETRY: Backoff = { baseMs: 1000, maxMs: 10_000, jitter: 1 };
const NAMESPACE = 'kube-node-lease';

/** Shows that this node's agent is alive (KEP-589). */
export async function renewLease(context: AgentContext, node: () => Node, signal: AbortSignal): Promise<void> {
  const { clock, random, log, config } = context;
  const renewMs = (durationSeconds(config) * 1000) / RENEWALS;
  let failures = 0;
  while (!signal.aborted) {
    const renewed = await renewOnce(context, node()).catch((error: unknown) => {
      log('cannot renew the lease of the node', { error });
      return false;
    });
    failures = renewed ? 0 : failures + 1;
    await delay(clock, renewed ? renewMs : backoffMs(failures - 1, random, RETRY), signal);
  }
}

async function renewOnce({ client, clock, config }: AgentContext, node: Node): Promise<boolean> {
  const ref = { namespace: NAMESPACE, name: config.nodeName };
  const renewTime = microTime(clock.now());
  // The lease's own uid is the node's sign that it is registered: before that its owner is not known.
  if (!node.metadata?.uid) return false;
  const spec = { renewTime, holderIdentity: config.nodeName, leaseDurationSeconds: durationSeconds(config) };
  try {
    await client.patch(leases, ref, { type: 'merge', body: { spec } });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    await client.create(leases, newLease(config, node, renewTime));
  }
  return true;
}

function durationSeconds({ leaseDurationSeconds = DURATION_SECONDS }: AgentContext['config']): number {
  return leaseDurationSeconds;
}

function newLease(config: AgentContext['config'], node: Node, renewTime: string): Lease {
  const name = config.nodeName;
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata!.uid! };
  return {
    metadata: { namespace: NAMESPACE, name, ownerReferences: [owner] },
    spec: { holderIdentity: name, leaseDurationSeconds: durationSeconds(config), renewTime },
  };
}

/** metav1.MicroTime: six digits after the second. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}
