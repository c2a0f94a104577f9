import { isReason } from '../../lib/api/status.ts';
import type { Client } from '../../lib/client/client.ts';
import { leases, nodes, pods } from '../../lib/client/resource-type.ts';

/** Marks what is assigned as running and ready, and ends what is told to end: at once, once each call. */
export async function kubeletPass(client: Client, time: string, isBad = (_image: string) => false): Promise<void> {
  await heartbeat(client, time);
  const { items } = await client.list(pods);
  let address = 0;
  for (const pod of items) {
    const { namespace, name, uid } = pod.metadata;
    address++;
    if (pod.metadata.deletionTimestamp) {
      await ignoreGone(client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, uid }));
    } else if (
      pod.spec?.nodeName &&
      pod.status?.phase === 'Pending' &&
      !pod.spec.containers.some(({ image }) => isBad(image ?? ''))
    ) {
      const podIP = `10.0.${address >> 8}.${address & 255}`;
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: time }];
      const status = { ...pod.status, phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
      await ignoreGone(client.update(pods, { ...pod, status }, { subresource: 'status' }));
    }
  }
}

/** Renews the Lease of every node but those named. */
export async function heartbeat(client: Client, time: string, silent: readonly string[] = []): Promise<void> {
  const { items } = await client.list(nodes);
  for (const { metadata } of items.filter(({ metadata }) => !silent.includes(metadata.name))) {
    const ref = { namespace: 'kube-node-lease', name: metadata.name };
    const lease = { metadata: ref, spec: { holderIdentity: metadata.name, renewTime: time } };
    try {
      await client.patch(leases, ref, { type: 'merge', body: lease });
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error;
      await client.create(leases, lease);
    }
  }
}

async function ignoreGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isReason(error, 'NotFound', 'Conflict')) throw error;
  }
}

export async function addNode(client: Client, name: string): Promise<void> {
  await client.create(nodes, { metadata: { name, labels: { 'kubernetes.io/hostname': name } } });
  const capacity = { cpu: '64', memory: '256Gi', pods: '250' };
  const status = { capacity, allocatable: capacity, conditions: [{ type: 'Ready', status: 'True' }] };
  await client.patch(nodes, { name }, { type: 'merge', body: { status } }, { subresource: 'status' });
}
