import type { ClusterFigures, Figures } from './api.ts';
import type { PodStartFigures } from './measures/pod-start.ts';
import type { Timed } from './statistics.ts';

export interface Results {
  peer: Figures;
  own: Figures;
  bind: { peer: ClusterFigures; lifted: ClusterFigures; own: ClusterFigures };
  machine: string;
  /** Absent where the benchmark could not start a node: without root. */
  podStart: PodStartFigures | undefined;
  replicas: number;
  date: Date;
}

interface Row {
  what: string;
  peer: number;
  own: number;
  unit: string;
  /** Larger figures are better: throughput. */
  rate?: boolean;
  aim?: number;
}

/** A Markdown page: every figure beside the peer's, and how many times better ours is. */
export function resultsPage({ peer, own, bind, machine, podStart, replicas, date }: Results): string {
  const rows: Row[] = [
    { what: 'cold start to /readyz', peer: peer.startMs, own: own.startMs, unit: 'ms', aim: 10 },
    { what: 'memory, idle', peer: peer.idleMiB, own: own.idleMiB, unit: 'MiB', aim: 3 },
    {
      what: 'memory, idle, with controllers and scheduler',
      peer: bind.peer.idleMiB,
      own: bind.own.idleMiB,
      unit: 'MiB',
      aim: 3,
    },
    { what: 'memory at 5,000 objects', peer: peer.fullMiB, own: own.fullMiB, unit: 'MiB', aim: 3 },
    ...verbs('create', 2, 2),
    ...verbs('get', 3, 3),
    ...verbs('patch'),
    {
      what: 'create pod, 16 clients',
      peer: peer.podCreate.perSecond,
      own: own.podCreate.perSecond,
      unit: '/s',
      rate: true,
    },
    ...(['json', 'table', 'protobuf'] as const).flatMap((format) =>
      timedRows(`list 1,000 pods, ${format}`, peer.lists[format], own.lists[format], 5, 5),
    ),
    {
      what: 'watch delivery, 1 watcher, p50',
      peer: peer.watch['1'].p50,
      own: own.watch['1'].p50,
      unit: 'ms',
      aim: 1.5,
    },
    {
      what: 'watch delivery, 100 watchers, p50',
      peer: peer.watch['100'].p50,
      own: own.watch['100'].p50,
      unit: 'ms',
      aim: 1.5,
    },
    {
      what: 'deletecollection of 5,000',
      peer: peer.deleteCollectionMs,
      own: own.deleteCollectionMs,
      unit: 'ms',
      aim: 10,
    },
    {
      what: `Deployment of ${replicas} bound on 10 nodes`,
      peer: bind.peer.bindSeconds,
      own: bind.own.bindSeconds,
      unit: 's',
      aim: 10,
    },
    {
      what: 'the same, the peer’s client limits lifted',
      peer: bind.lifted.bindSeconds,
      own: bind.own.bindSeconds,
      unit: 's',
      aim: 3,
    },
  ];
  return `# Zeroplane beside kube-apiserver 1.37.2 and etcd 3.7

Made by \`npm run bench:api\` on ${date.toISOString().slice(0, 10)}: ${machine}. Both in one run, over HTTPS with HTTP/1.1 keep-alive, the same client, every write durable
before its answer. The client shares the machine. "Times better" is the ratio; the aim is what we hold ourselves to.

| what | kube-apiserver + etcd | Zeroplane | times better | aim |
|---|--:|--:|--:|--:|
${rows.map(line).join('\n')}
${podStart ? podStartText(podStart) : ''}`;

  function verbs(verb: 'create' | 'get' | 'patch', latencyAim?: number, rateAim?: number): Row[] {
    return [
      ...timedRows(
        `${verb} 1 KiB ConfigMap`,
        { alone: peer.verbs[verb].alone, sixteen: peer.verbs[verb].sixteen },
        own.verbs[verb],
        latencyAim,
        rateAim,
      ),
      {
        what: `${verb} 1 KiB ConfigMap, 16 clients, p99`,
        peer: peer.verbs[verb].sixteen.p99,
        own: own.verbs[verb].sixteen.p99,
        unit: 'ms',
      },
    ];
  }
}

function podStartText({ own, runtime }: PodStartFigures): string {
  return `
A pod whose image is present, from its creation to Running as a watcher sees it (p50 of 20, one after the other): ${number(own)} ms, of which the
container runtime takes ${number(runtime)} ms by itself. The aim is at most 500 ms on top.
`;
}

interface AloneAndSixteen {
  alone: Timed;
  sixteen: Timed;
}

function timedRows(
  what: string,
  peer: AloneAndSixteen,
  own: AloneAndSixteen,
  latencyAim?: number,
  rateAim?: number,
): Row[] {
  return [
    {
      what: `${what}, alone, p50`,
      peer: peer.alone.p50,
      own: own.alone.p50,
      unit: 'ms',
      ...(latencyAim ? { aim: latencyAim } : {}),
    },
    {
      what: `${what}, 16 clients`,
      peer: peer.sixteen.perSecond,
      own: own.sixteen.perSecond,
      unit: '/s',
      rate: true,
      ...(rateAim ? { aim: rateAim } : {}),
    },
  ];
}

function line({ what, peer, own, unit, rate, aim }: Row): string {
  const ratio = rate ? own / peer : peer / own;
  return `| ${what} | ${number(peer)} ${unit} | ${number(own)} ${unit} | ${ratio.toFixed(1)} | ${aim ?? ''} |`;
}

function number(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 1 : 2);
}
