// npm run bench:scheduler: the scheduler beside kube-scheduler, in one run on one machine, into bench/SCHEDULER.md.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './machine.ts';
import { prepareNamespace } from './measures/requests.ts';
import { measureScheduling, type SchedulingFigures } from './measures/scheduling.ts';
import { kube } from './targets/kube.ts';
import { benchPki } from './targets/pki.ts';
import { type Target, untilReady } from './targets/target.ts';
import { zeroplane } from './targets/zeroplane.ts';

main().catch((error: Error) => {
  console.error(error);
  process.exit(1);
});

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      nodes: { type: 'string', default: '1000' },
      pods: { type: 'string', default: '5000' },
      port: { type: 'string', default: '26600' },
    },
  });
  const root = join(import.meta.dirname, '..');
  const peers = process.env['PEERS_DIR'] ?? join(homedir(), '.cache/zeroplane/peers');
  const components = ['kube-apiserver', 'etcd', 'kube-controller-manager', 'kube-scheduler'];
  if (values.only !== 'zeroplane')
    execFileSync('bash', [join(root, 'peers/build.sh'), ...components], { stdio: 'inherit' });
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-'));
  const load = Math.round(loadavg()[0] ?? 0);
  const [nodes, pods, port] = [values.nodes, values.pods, values.port].map(Number) as [number, number, number];
  try {
    const pki = await benchPki(folder);
    const own = zeroplane({ root, folder: join(folder, 'own'), port, pki });
    const lifted = { components: 'lifted limits' } as const;
    const peer = kube({ peers, folder: join(folder, 'peer'), port: port + 4, pki, ...lifted });
    const figures = {
      peer: values.only === 'zeroplane' ? undefined : await measure(peer, nodes, pods),
      own: values.only === 'peer' ? undefined : await measure(own, nodes, pods),
    };
    console.log(JSON.stringify(figures));
    if (figures.peer && figures.own)
      writeFileSync(join(root, 'bench/SCHEDULER.md'), page(figures.peer, figures.own, { nodes, pods, load }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(target: Target, nodes: number, pods: number): Promise<SchedulingFigures> {
  console.log(`schedules ${pods} pods on ${nodes} nodes with ${target.name}`);
  try {
    await target.start();
    await untilReady(target.endpoint);
    await prepareNamespace(target.endpoint);
    return await measureScheduling(target.endpoint, nodes, pods);
  } finally {
    await target.stop();
  }
}

interface Sizes {
  nodes: number;
  pods: number;
  load: number;
}

function page(peer: SchedulingFigures, own: SchedulingFigures, { nodes, pods, load }: Sizes): string {
  const line = (name: string, { createSeconds, boundSeconds, perSecond }: SchedulingFigures) =>
    `| ${name} | ${createSeconds.toFixed(1)} s | ${boundSeconds.toFixed(1)} s | ${Math.round(perSecond)} |`;
  return `# The scheduler's figures

Made by \`npm run bench:scheduler -- --nodes ${nodes} --pods ${pods}\` on ${new Date().toISOString().slice(0, 10)}: ${machine()}, whose load average was ${load} before: with other work beside
them figures are worth less than their ratio.

${pods.toLocaleString('en')} pods are created by 16 clients as fast as the API takes them, on ${nodes.toLocaleString('en')} nodes that exist only as objects. A watcher sees when the last of them has its node.
Each side is whole: apiserver, store, controllers and scheduler share the machine with the clients. The peer is kube-apiserver with etcd,
kube-controller-manager and kube-scheduler, its client limits lifted (\`--kube-api-qps=5000\`).

| | created after | bound after | pods a second |
|---|--:|--:|--:|
${line('kube-scheduler', peer)}
${line('Zeroplane', own)}

Zeroplane takes ${(own.boundSeconds / peer.boundSeconds).toFixed(2)} of the peer's time. Where the last pod is bound as soon as it is created, the scheduler waits for the API and not
the API for it.
`;
}
