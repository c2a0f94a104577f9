// The ingress gateway by itself, with one rule: `node bench/targets/ingress-gateway.ts PORT BACKEND_PORT FOLDER`. FOLDER holds tls.crt and tls.key.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Gateway } from '../../agent/ingress/gateway.ts';
import { buildTable } from '../../agent/ingress/table.ts';
import { systemClock } from '../../lib/runtime/clock.ts';

const [port, backend, folder = ''] = process.argv.slice(2);
const pem = (name: string) => readFileSync(join(folder, name), 'utf8');

const gateway = new Gateway({
  now: () => systemClock.now(),
  fallbackCertificate: { cert: pem('tls.crt'), key: pem('tls.key') },
});
const upstream = {
  name: 'bench',
  protocol: 'http' as const,
  endpoints: [{ host: '127.0.0.1', port: Number(backend) }],
  next: 0,
};
const metadata = { name: 'bench', namespace: 'default', uid: '1', resourceVersion: '1', creationTimestamp: '' };
const paths = [{ path: '/', pathType: 'Prefix', backend: {} }];
const ingress = { metadata, spec: { rules: [{ host: 'bench.example', http: { paths } }] } };
gateway.state = { table: buildTable([ingress], () => upstream), certificates: { find: () => undefined } };
gateway.listen('127.0.0.1', { http: Number(port), https: 0 }).then(() => console.log('ready'));
