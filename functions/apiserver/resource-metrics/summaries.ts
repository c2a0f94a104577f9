import { eachBounded } from '../../../lib/runtime/bounded.ts';
import { agentUrl } from '../proxy/nodes.ts';
import type { Call } from '../registry/call.ts';

/** Of k8s.io/kubelet/pkg/apis/stats/v1alpha1 what is read here. */
export interface Summary {
  node: { cpu?: Cpu; memory?: Memory };
  pods: { podRef: { namespace: string; name: string; uid: string }; containers?: ContainerSummary[] }[];
}

export interface ContainerSummary {
  name: string;
  cpu?: Cpu;
  memory?: Memory;
}

interface Cpu {
  time: string;
  usageNanoCores?: number;
}

interface Memory {
  workingSetBytes?: number;
}

/** Agents asked at once, and how long one may take: a node that does not answer must not keep back the others. */
const MAX_IN_FLIGHT = 16;
const TIMEOUT_MS = 5_000;

/** What the agents of these nodes measure now, by node; those that cannot be reached are left out. */
export async function summariesOf(call: Call, nodes: readonly string[]): Promise<Map<string, Summary>> {
  const found = new Map<string, Summary>();
  await eachBounded(nodes, MAX_IN_FLIGHT, async (node) => {
    const summary = await summaryOf(call, node);
    if (summary) found.set(node, summary);
  });
  return found;
}

async function summaryOf({ server, request }: Call, node: string): Promise<Summary | undefined> {
  const late = new AbortController();
  const timer = server.clock.schedule(TIMEOUT_MS, () => late.abort());
  try {
    const url = new URL('/stats/summary', await agentUrl(server, node));
    const signal = AbortSignal.any([request.signal, late.signal]);
    const response = await server.backend!.send({ url, method: 'GET', headers: {}, as: 'kubelet-client', signal });
    return response.ok ? ((await response.json()) as Summary) : undefined;
  } catch (error) {
    server.report?.(error, request);
    return undefined;
  } finally {
    timer.cancel();
  }
}
