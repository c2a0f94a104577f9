import type { Clock } from '../../lib/runtime/clock.ts';
import type { RequestInfo } from './contract.ts';

/** Source: the buckets of apiserver_request_duration_seconds, thinned. */
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Series {
  labels: string;
  codes: Map<number, number>;
  buckets: number[];
  sum: number;
  count: number;
}

export interface Metrics {
  /** Counts a request as under way; the function returned says how it ended. */
  begin(info: RequestInfo): (code: number) => void;
  /** Prometheus text, version 0.0.4. */
  render(): string;
}

export function createMetrics(clock: Clock): Metrics {
  const series = new Map<string, Series>();
  let inflight = 0;
  return {
    begin(info) {
      const started = clock.now();
      inflight++;
      return (code) => {
        inflight--;
        record(seriesOf(series, info), code, (clock.now() - started) / 1000);
      };
    },
    render: () => [...requestLines(series.values()), ...inflightLines(inflight), ...processLines()].join('\n'),
  };
}

function seriesOf(series: Map<string, Series>, info: RequestInfo): Series {
  const key = `${info.verb} ${info.group}/${info.version}/${info.resource}/${info.subresource}`;
  let found = series.get(key);
  if (!found) {
    found = { labels: labelsOf(info), codes: new Map(), buckets: BUCKETS_SECONDS.map(() => 0), sum: 0, count: 0 };
    series.set(key, found);
  }
  return found;
}

function labelsOf(info: RequestInfo): string {
  const { group, version, resource, subresource } = info;
  const scope = !info.isResource ? '' : info.name ? 'resource' : info.namespace ? 'namespace' : 'cluster';
  const labels = {
    component: 'apiserver',
    group,
    resource,
    scope,
    subresource,
    verb: info.verb.toUpperCase(),
    version,
  };
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',');
}

function record(series: Series, code: number, seconds: number): void {
  series.codes.set(code, (series.codes.get(code) ?? 0) + 1);
  series.sum += seconds;
  series.count++;
  for (let i = 0; i < BUCKETS_SECONDS.length; i++) if (seconds <= BUCKETS_SECONDS[i]!) series.buckets[i]!++;
}

function* requestLines(all: Iterable<Series>): Generator<string> {
  const list = [...all];
  yield '# HELP apiserver_request_total Counter of apiserver requests broken out for each verb, resource and code.';
  yield '# TYPE apiserver_request_total counter';
  for (const { labels, codes } of list) {
    for (const [code, count] of codes) yield `apiserver_request_total{code="${code}",${labels}} ${count}`;
  }
  yield '# HELP apiserver_request_duration_seconds Response latency distribution in seconds for each verb and resource.';
  yield '# TYPE apiserver_request_duration_seconds histogram';
  for (const one of list) yield* histogramLines(one);
}

function* histogramLines({ labels, buckets, sum, count }: Series): Generator<string> {
  const name = 'apiserver_request_duration_seconds';
  for (const [i, le] of BUCKETS_SECONDS.entries()) yield `${name}_bucket{${labels},le="${le}"} ${buckets[i]}`;
  yield `${name}_bucket{${labels},le="+Inf"} ${count}`;
  yield `${name}_sum{${labels}} ${sum}`;
  yield `${name}_count{${labels}} ${count}`;
}

function inflightLines(count: number): string[] {
  return [
    '# HELP apiserver_current_inflight_requests Requests that this apiserver is serving.',
    '# TYPE apiserver_current_inflight_requests gauge',
    `apiserver_current_inflight_requests ${count}`,
  ];
}

function processLines(): string[] {
  const { rss } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    '# HELP process_resident_memory_bytes Resident memory size in bytes.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${rss}`,
    '# HELP process_cpu_seconds_total Total user and system CPU time spent in seconds.',
    '# TYPE process_cpu_seconds_total counter',
    `process_cpu_seconds_total ${(user + system) / 1e6}`,
    '',
  ];
}
