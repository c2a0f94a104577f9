// npm run bench:api: Zeroplane beside kube-apiserver and etcd, in one run on one machine, and the ratios into bench/RESULTS.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './machine.ts';
import { measureBind } from './measures/bind.ts';
import { type ListFigures, measureLists } from './measures/lists.ts';
import { fill, measureDeleteCollection, measureObjects, type VerbFigures } from './measures/objects.ts';
import { measurePodStart } from './measures/pod-start.ts';
import { prepareNamespace } from './measures/requests.ts';
import { measureWatch } from './measures/watch.ts';
import { resultsPage } from './results.ts';
import type { Timed } from './statistics.ts';
import { type KubeOptions, kube } from './targets/kube.ts';
import { benchPki } from './targets/pki.ts';
import { residentMiB, type Target, untilReady } from './targets/target.ts';
import { zeroplane } from './targets/zeroplane.ts';

export interface Figures {
  startMs: number;
  idleMiB: number;
  fullMiB: number;
  verbs: Record<'create' | 'get' | 'patch', VerbFigures>;
  podCreate: Timed;
  lists: ListFigures;
  watch: Record<'1' | '100', { p50: number; p99: number }>;
  deleteCollectionMs: number;
}

const SETTLE_MS = 3000;
const sizes = {
  full: { sequential: 1000, parallel: 4000, events: 100 },
  quick: { sequential: 200, parallel: 800, events: 30 },
};

main().catch((error: Error) => {
  console.error(error);
  process.exit(1);
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, replicas: { type: 'string', default: '500' } },
  });
  const root = join(import.meta.dirname, '..');
  const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');
  if (values.only !== 'zeroplane')
    execFileSync(
      'bash',
      [join(root, 'peers/build.sh'), 'kube-apiserver', 'etcd', 'kube-controller-manager', 'kube-scheduler'],
      { stdio: 'inherit' },
    );
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-'));
  const pki = await benchPki(folder);
  const size = values.quick ? sizes.quick : sizes.full;
  const replicas = Number(values.replicas);
  let port = 26_000;
  const kubeTarget = (more: Partial<KubeOptions>) => {
    port += 10;
    return kube({ peers, folder: join(folder, `kube-${port}`), port, pki, ...more });
  };
  const ours = () => {
    port += 10;
    return zeroplane({ root, folder: join(folder, `zeroplane-${port}`), port, pki });
  };
  try {
    const peer = values.only === 'zeroplane' ? undefined : await measure(kubeTarget({}), size);
    const own = values.only === 'peer' ? undefined : await measure(ours(), size);
    console.log(JSON.stringify({ peer, own }, undefined, 1));
    const bind = {
      peer: peer && (await measureCluster(kubeTarget({ components: 'default limits' }), replicas)),
      lifted: peer && (await measureCluster(kubeTarget({ components: 'lifted limits' }), replicas)),
      own: own && (await measureCluster(ours(), replicas)),
    };
    console.log(JSON.stringify(bind));
    const podStart = process.getuid?.() === 0 ? await measurePodStart(root) : undefined;
    console.log(JSON.stringify({ podStart }));
    if (peer && own && bind.peer && bind.lifted && bind.own && !values.quick) {
      writeFileSync(
        join(root, 'bench/RESULTS.md'),
        resultsPage({
          peer,
          own,
          bind: { peer: bind.peer, lifted: bind.lifted, own: bind.own },
          machine: machine(),
          podStart,
          replicas,
          date: new Date(),
        }),
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything that needs no controller. */
async function measure(target: Target, size: (typeof sizes)['full']): Promise<Figures> {
  console.log(`measures ${target.name}`);
  try {
    await target.start();
    const startMs = await untilReady(target.endpoint);
    await settle();
    const idleMiB = residentMiB(target.pids());
    await prepareNamespace(target.endpoint);
    const verbs = await measureObjects(target.endpoint, size.sequential, size.parallel);
    await fill(target.endpoint, 5000);
    await settle();
    const fullMiB = residentMiB(target.pids());
    const watch = {
      '1': await measureWatch(target.endpoint, 1, size.events),
      '100': await measureWatch(target.endpoint, 100, size.events),
    };
    const deleteCollectionMs = await measureDeleteCollection(target.endpoint);
    return {
      startMs,
      idleMiB,
      fullMiB,
      verbs,
      watch,
      deleteCollectionMs,
      ...(await measureLists(target.endpoint, 1000)),
    };
  } finally {
    await target.stop();
  }
}

export interface ClusterFigures {
  bindSeconds: number;
  /** Apiserver, store, controllers and scheduler, idle. */
  idleMiB: number;
}

async function measureCluster(target: Target, replicas: number): Promise<ClusterFigures> {
  console.log(`binds ${replicas} pods with ${target.name}`);
  try {
    await target.start();
    await untilReady(target.endpoint);
    await settle();
    const idleMiB = residentMiB(target.pids());
    await prepareNamespace(target.endpoint);
    return { bindSeconds: await measureBind(target.endpoint, replicas), idleMiB };
  } finally {
    await target.stop();
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
}
