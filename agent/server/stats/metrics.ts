import type { ServerContext } from '../server.ts';
import { nodeUsage } from './node.ts';
import { podStats, sum } from './pods.ts';

const NANO = 1e-9;
type Labels = Readonly<Record<string, string | undefined>>;

/** /metrics/resource: what metrics-server scrapes. Source: pkg/kubelet/metrics/collectors/resource_metrics.go. */
export async function resourceMetrics(context: ServerContext): Promise<string> {
  const [node, pods] = await Promise.all([nodeUsage(), podStats(context)]);
  const page = new Page();
  page.add('node_cpu_usage_seconds_total', 'counter', {}, node.cpuCoreNanoSeconds * NANO);
  page.add('node_memory_working_set_bytes', 'gauge', {}, node.memoryTotalBytes - node.memoryAvailableBytes);
  for (const { pod, containers } of pods) {
    const { namespace, name } = pod.metadata ?? {};
    const ofPod = { namespace, pod: name };
    const cpu = sum(containers, (stats) => stats.cpu?.usageCoreNanoSeconds);
    page.add('pod_cpu_usage_seconds_total', 'counter', ofPod, cpu * NANO);
    page.add(
      'pod_memory_working_set_bytes',
      'gauge',
      ofPod,
      sum(containers, (stats) => stats.memory?.workingSetBytes),
    );
    for (const { name: container, startedAt, stats } of containers) {
      const labels = { container, ...ofPod };
      page.add('container_cpu_usage_seconds_total', 'counter', labels, (stats.cpu?.usageCoreNanoSeconds ?? 0) * NANO);
      page.add('container_memory_working_set_bytes', 'gauge', labels, stats.memory?.workingSetBytes ?? 0);
      if (startedAt) page.add('container_start_time_seconds', 'gauge', labels, Date.parse(startedAt) / 1_000);
    }
  }
  page.add('resource_scrape_error', 'gauge', {}, 0);
  return page.text();
}

/** /metrics: the node's basics. */
export async function nodeMetrics({ pods, runtime, nodeName }: ServerContext): Promise<string> {
  const running = await runtime.listContainers({ state: 'RUNNING' });
  const page = new Page();
  page.add('kubelet_node_name', 'gauge', { node: nodeName }, 1);
  page.add('kubelet_desired_pods', 'gauge', {}, pods.list().length);
  page.add('kubelet_running_pods', 'gauge', {}, new Set(running.map((container) => container.podSandboxId)).size);
  page.add('kubelet_running_containers', 'gauge', { container_state: 'running' }, running.length);
  page.add('process_resident_memory_bytes', 'gauge', {}, process.memoryUsage.rss());
  const { user, system } = process.cpuUsage();
  page.add('process_cpu_seconds_total', 'counter', {}, (user + system) / 1e6);
  return page.text();
}

/** Prometheus' text format 0.0.4: all samples of a metric stand together. */
class Page {
  readonly #metrics = new Map<string, string[]>();

  add(name: string, type: 'counter' | 'gauge', labels: Labels, value: number): void {
    const lines = this.#metrics.get(name) ?? [`# TYPE ${name} ${type}`];
    const pairs = Object.entries(labels).map(([label, text = '']) => `${label}=${JSON.stringify(text)}`);
    lines.push(`${name}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${value}`);
    this.#metrics.set(name, lines);
  }

  text(): string {
    return [...this.#metrics.values()].map((lines) => `${lines.join('\n')}\n`).join('');
  }
}
