import type { KubeObject } from '../../../lib/api/object.ts';
import { Quantity } from '../../../lib/api/quantity.ts';
import { notFound } from '../../../lib/api/status.ts';
import type { Pod } from '../../../lib/api/types.ts';
import type { Item } from '../../../lib/storage/contract.ts';
import type { Answer, Call, Verb } from '../registry/call.ts';
import { listItems } from '../registry/list.ts';
import { listOptions } from '../registry/list-options.ts';
import { keyOf } from '../registry/resource-table.ts';
import { decodeStored, encodeStored } from '../registry/stored.ts';
import { type ContainerSummary, type Summary, summariesOf } from './summaries.ts';

/**
 * The resource metrics API without a metrics-server: an agent keeps the rates of its node, so nothing has to be scraped and kept here.
 * Asked anew each time and never stored.
 */
export const resourceMetrics: Readonly<Record<string, Verb>> = { get, list };

/** Over which an agent measures. */
const WINDOW = '15s';

async function list(call: Call): Promise<Answer> {
  const items = (await listItems(core(call), { ...listOptions(call), limit: 0 })).values;
  const objects = await metricsOf(call, items);
  return {
    status: 200,
    list: { values: objects.map((object) => encodeStored(call.type, object, undefined)), resourceVersion: '' },
  };
}

async function get(call: Call): Promise<Answer> {
  const { info, type, server } = call;
  const item = await server.store.get(keyOf(core(call).type, info.namespace, info.name));
  const [object] = item ? await metricsOf(call, [item]) : [];
  if (object) return { status: 200, object };
  throw notFound(
    { group: type.group, resource: type.resource },
    info.namespace ? `${info.namespace}/${info.name}` : info.name,
  );
}

/** The same call for the objects that are measured. */
function core(call: Call): Call {
  return { ...call, type: call.server.resources.lookup('', 'v1', call.info.resource)! };
}

async function metricsOf(call: Call, items: readonly Item[]): Promise<KubeObject[]> {
  const objects = items.map((item) => decodeStored(item.value));
  if (call.info.resource === 'nodes') {
    const summaries = await summariesOf(
      call,
      objects.map(({ metadata }) => metadata.name!),
    );
    return objects.flatMap((node) => nodeMetrics(node, summaries.get(node.metadata.name!)));
  }
  const running = (objects as Pod[]).filter(({ spec, status }) => spec?.nodeName && status?.phase === 'Running');
  const summaries = await summariesOf(call, [...new Set(running.map(({ spec }) => spec!.nodeName!))]);
  return running.flatMap((pod) => podMetrics(pod, summaries.get(pod.spec!.nodeName!)));
}

function nodeMetrics(node: KubeObject, summary: Summary | undefined): KubeObject[] {
  const { cpu, memory } = summary?.node ?? {};
  const usage = usageOf({ name: '', ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) });
  return usage ? [{ ...metricsHead(node, 'NodeMetrics', cpu!.time), usage } as KubeObject] : [];
}

/** A pod is told of once all of its containers are measured. */
function podMetrics(pod: Pod, summary: Summary | undefined): KubeObject[] {
  const measured = summary?.pods.find(({ podRef }) => podRef.uid === pod.metadata?.uid)?.containers ?? [];
  const containers = measured.flatMap((container) => {
    const usage = usageOf(container);
    return usage ? [{ name: container.name, usage }] : [];
  });
  if (containers.length === 0 || containers.length < measured.length) return [];
  return [{ ...metricsHead(pod as KubeObject, 'PodMetrics', measured[0]!.cpu!.time), containers } as KubeObject];
}

function metricsHead({ metadata }: KubeObject, kind: string, time: string): object {
  const { name, namespace, labels } = metadata ?? {};
  const creationTimestamp = seconds(time);
  const about = { name, ...(namespace ? { namespace } : {}), creationTimestamp, ...(labels ? { labels } : {}) };
  return { kind, apiVersion: 'metrics.k8s.io/v1beta1', metadata: about, timestamp: creationTimestamp, window: WINDOW };
}

function usageOf({ cpu, memory }: ContainerSummary): { cpu: string; memory: string } | undefined {
  if (cpu?.usageNanoCores === undefined || memory?.workingSetBytes === undefined) return undefined;
  return {
    cpu: new Quantity(BigInt(Math.round(cpu.usageNanoCores))).toString(),
    memory: Quantity.of(memory.workingSetBytes, 'BinarySI').toString(),
  };
}

function seconds(time: string): string {
  return time.replace(/\.\d+/, '');
}
