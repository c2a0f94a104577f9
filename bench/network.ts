// npm run bench:network: the ingress gateway beside nginx, and Services' traffic beside nft itself, into bench/NETWORK.md. Needs root, nginx and wrk.
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { type IngressComparison, type IngressFigures, measureIngress } from './measures/ingress.ts';
import { measureTrafficShift, type ShiftFigures } from './measures/traffic-shift.ts';

const FIRST_PORT = 26_400;

main().catch((error: Error) => {
  console.error(error);
  process.exit(1);
});

async function main(): Promise<void> {
  const root = join(import.meta.dirname, '..');
  const busy = Math.round(loadavg()[0] ?? 0);
  const ingress = await measureIngress(root, FIRST_PORT);
  const shift = await measureTrafficShift(root);
  const text = page(ingress, shift, busy);
  console.log(text);
  writeFileSync(join(root, 'bench/NETWORK.md'), text);
}

function page(ingress: readonly IngressComparison[], shift: readonly ShiftFigures[], busy: number): string {
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `# The network's figures

Made by \`npm run bench:network\` on ${new Date().toISOString().slice(0, 10)}: ${machine}. Load generator (wrk), proxies and backend share the machine,
whose load average was ${busy} before.

## Ingress beside nginx

Plain HTTP, 1 KiB answers, connections kept on both sides, one process each, the same backend. nginx is a bare proxy with the headers that
ingress controllers set; the gateway does its whole work. The ratio is ours to nginx'; nginx is faster.

| clients | nginx | gateway | ratio | nginx p50, p99 | gateway p50, p99 |
|--:|--:|--:|--:|--:|--:|
${ingress.map(ingressLine).join('\n')}

## A Service's traffic goes over to another endpoint

From the answer to the write of its EndpointSlice to the first connection that reaches the new endpoint, beside what \`nft\` takes for one change of
the same table by itself (with the start of its process).

| Services | p50, p99 | nft alone p50, p99 |
|--:|--:|--:|
${shift.map(({ services, own, nft }) => `| ${services.toLocaleString('en')} | ${ms(own)} | ${ms(nft)} |`).join('\n')}
`;
}

function ingressLine({ clients, nginx, own }: IngressComparison): string {
  const rate = ({ perSecond }: IngressFigures) => `${Math.round(perSecond).toLocaleString('en')} /s`;
  const ratio = (own.perSecond / nginx.perSecond).toFixed(2);
  const latency = ({ p50Ms, p99Ms }: IngressFigures) => ms({ p50: p50Ms, p99: p99Ms });
  return `| ${clients} | ${rate(nginx)} | ${rate(own)} | ${ratio} | ${latency(nginx)} | ${latency(own)} |`;
}

function ms({ p50, p99 }: { p50: number; p99: number }): string {
  return `${p50.toFixed(2)}, ${p99.toFixed(2)} ms`;
}
