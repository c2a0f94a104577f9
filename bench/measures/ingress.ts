import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gatewayCommand } from '../../lib/cluster/daemon-command.ts';
import { issueAuthority } from '../../lib/pki/issue.ts';
import { Processes } from '../targets/processes.ts';

export interface IngressFigures {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export interface IngressComparison {
  clients: number;
  nginx: IngressFigures;
  own: IngressFigures;
}

const BODY_BYTES = 1024;
const SECONDS = 8;
const WARM_UP_SECONDS = 2;

/** The gateway and nginx as plain proxies of the same backend (nginx too), one process each, with connections kept on both sides. */
export async function measureIngress(root: string, firstPort: number): Promise<IngressComparison[]> {
  const folder = mkdtempSync(join(tmpdir(), 'zeroplane-bench-'));
  const processes = new Processes(folder);
  const [backend, nginx, own] = [firstPort, firstPort + 1, firstPort + 2];
  const { certificate, key } = await issueAuthority('bench', Date.now());
  writeFileSync(join(folder, 'tls.crt'), certificate);
  writeFileSync(join(folder, 'tls.key'), key);
  const configured = (name: string, http: string) => {
    writeFileSync(join(folder, name), nginxConfig(join(folder, `${name}.pid`), http));
    processes.spawn('nginx', ['-c', join(folder, name)]);
  };
  try {
    const body = 'x'.repeat(BODY_BYTES);
    configured(
      'backend.conf',
      `server { listen 127.0.0.1:${backend} backlog=4096; location / { return 200 ${body}; } }`,
    );
    configured('proxy.conf', proxy(nginx, backend));
    const program = join(root, 'bench/targets/ingress-gateway.ts');
    const [node = '', ...args] = gatewayCommand(process.execPath, program);
    processes.spawn(node, [...args, `${own}`, `${backend}`, folder]);
    await Promise.all([nginx, own].map(answers));
    return [1, 32].map((clients) => ({ clients, nginx: load(nginx, clients), own: load(own, clients) }));
  } finally {
    await processes.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function nginxConfig(pid: string, http: string): string {
  return `worker_processes 1; daemon off; pid ${pid}; error_log /dev/null crit;
events { worker_connections 4096; }
http { access_log off; keepalive_requests 10000000; ${http} }`;
}

/** What an ingress controller's nginx sets on each request. */
function proxy(port: number, backend: number): string {
  return `upstream app { server 127.0.0.1:${backend}; keepalive 64; keepalive_requests 10000000; }
server { listen 127.0.0.1:${port} backlog=4096; server_name bench.example; location / {
  proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-Host $http_host; proxy_set_header X-Forwarded-Proto $scheme;
} }`;
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const ok = await fetch(`http://127.0.0.1:${port}/`, { headers: { host: 'bench.example' } }).then(
      () => true,
      () => false,
    );
    if (ok) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing answers at port ${port}`);
}

function load(port: number, clients: number): IngressFigures {
  wrk(port, clients, WARM_UP_SECONDS);
  const text = wrk(port, clients, SECONDS);
  if (/Non-2xx/.test(text)) throw new Error(text);
  return {
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50Ms: latency(text, 50),
    p99Ms: latency(text, 99),
  };
}

function wrk(port: number, clients: number, seconds: number): string {
  const args = [
    '-t1',
    `-c${clients}`,
    `-d${seconds}s`,
    '--latency',
    '-H',
    'Host: bench.example',
    `http://127.0.0.1:${port}/`,
  ];
  return execFileSync('wrk', args, { encoding: 'utf8' });
}

function latency(text: string, percent: number): number {
  const [, amount, unit] = new RegExp(`${percent}%\\s+([\\d.]+)(us|ms|s)`).exec(text) ?? [];
  return Number(amount) * { us: 0.001, ms: 1, s: 1000 }[unit as 'us'];
}
