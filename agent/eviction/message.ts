import { type PodUsage, RESOURCES, requestedBy, used } from './rank.ts';
import { amountText, limitOf, type Readings, type Threshold } from './thresholds.ts';

/** Source: evictionMessage in pkg/kubelet/eviction/helpers.go, whose words these are. */
export function evictionMessage(threshold: Threshold, readings: Readings, usage: PodUsage): string {
  const { signal } = threshold;
  const resource = RESOURCES[signal];
  const reading = readings[signal];
  const limit = amountText(signal, limitOf(threshold, reading));
  const available = amountText(signal, reading.available);
  const larger = usage.containers.flatMap((container) => {
    const spec = usage.pod.spec?.containers.find(({ name }) => name === container.name);
    const request = requestedBy(spec, resource);
    const uses = used(signal, container);
    if (uses <= request) return [];
    const text = (bytes: number) => amountText(signal, bytes);
    return `Container ${container.name} was using ${text(uses)}, request is ${text(request)}, has larger consumption of ${resource}. `;
  });
  return `The node was low on resource: ${resource}. Threshold quantity: ${limit}, available: ${available}. ${larger.join('')}`;
}
