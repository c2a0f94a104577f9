// npm run bench:pods: 100 pods at once on one real node, beside what its container runtime takes by itself, into bench/PODS.md. Needs root.
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine } from './machine.ts';
import { type ManyPodsComparison, type ManyPodsFigures, measureManyPods } from './measures/many-pods.ts';

main().catch((error: Error) => {
  console.error(error);
  process.exit(1);
});

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { pods: { type: 'string', default: '100' } } });
  const root = join(import.meta.dirname, '..');
  const count = Number(values.pods);
  const load = Math.round(loadavg()[0] ?? 0);
  const text = page(await measureManyPods(root, count), count, load);
  console.log(text);
  writeFileSync(join(root, 'bench/PODS.md'), text);
}

function page({ own, runtime }: ManyPodsComparison, count: number, load: number): string {
  return `# Pods started on one node

Made by \`npm run bench:pods\` on ${new Date().toISOString().slice(0, 10)}: ${machine()}, whose load average was ${load} before: with other work beside
them figures are worth less than their ratio.

${count} pods of one waiting container are created one after the other and as fast as the API takes them; a watcher sees when each is Running. By
itself the same containerd is asked for ${count} at once: RunPodSandbox, CreateContainer, StartContainer. Seconds since the first was asked for.

| | p50 | p99 | all |
|---|--:|--:|--:|
${line('containerd by itself', runtime)}
${line('Zeroplane, from create to Running', own)}
| ratio | ${ratio(own.p50, runtime.p50)} | ${ratio(own.p99, runtime.p99)} | ${ratio(own.all, runtime.all)} |
`;
}

function line(name: string, { p50, p99, all }: ManyPodsFigures): string {
  const seconds = [p50, p99, all].map((ms) => `${(ms / 1000).toFixed(1)} s`);
  return `| ${name} | ${seconds.join(' | ')} |`;
}

function ratio(own: number, runtime: number): string {
  return (own / runtime).toFixed(2);
}
