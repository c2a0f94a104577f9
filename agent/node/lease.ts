import { isReason } from '../../lib/api/status.ts';
import type { Lease, Node } from '../../lib/api/types.ts';
import { leases } from '../../lib/client/resource-type.ts';
import { delay } from '../../lib/runtime/clock.ts';
import type { AgentContext } from '../context.ts';

/** Source: kubelet nodeLeaseDurationSeconds, and its renewal at a quarter of it. */
const DURATION_SECONDS = 40;
const RENEW_MS = 10_000;
const RETRY_MS = 1000;
const NAMESPACE = 'kube-node-lease';

/** Shows that this node's agent is alive (KEP-589). */
export async function renewLease(context: AgentContext, node: () => Node, signal: AbortSignal): Promise<void> {
  const { clock, log } = context;
  while (!signal.aborted) {
    const renewed = await renewOnce(context, node()).catch((error: unknown) => {
      log('cannot renew the lease of the node', { error });
      return false;
    });
    await delay(clock, renewed ? RENEW_MS : RETRY_MS, signal);
  }
}

async function renewOnce({ client, clock, config }: AgentContext, node: Node): Promise<boolean> {
  const ref = { namespace: NAMESPACE, name: config.nodeName };
  const renewTime = microTime(clock.now());
  // The lease's own uid is the node's sign that it is registered: before that its owner is not known.
  if (!node.metadata?.uid) return false;
  try {
    await client.patch(leases, ref, { type: 'merge', body: { spec: { renewTime, holderIdentity: config.nodeName } } });
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
    await client.create(leases, newLease(config.nodeName, node, renewTime));
  }
  return true;
}

function newLease(name: string, node: Node, renewTime: string): Lease {
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata!.uid! };
  return {
    metadata: { namespace: NAMESPACE, name, ownerReferences: [owner] },
    spec: { holderIdentity: name, leaseDurationSeconds: DURATION_SECONDS, renewTime },
  };
}

/** metav1.MicroTime: six digits after the second. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}
