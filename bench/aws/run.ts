/**
 * `npm run bench:aws`: what each operation asks of DynamoDB and what that costs, written to bench/aws/RESULTS.md. DynamoDB Local says
 * what it would have charged; time is not measured here.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clusterRoles, namespaces, resourceType, serviceAccounts } from '../../lib/client/resource-type.ts';
import { type BenchCluster, openCluster } from './cluster.ts';
import { apiCalls, heartbeats, namespace } from './operations.ts';
import { page } from './page.ts';
import { NODE, rollout } from './rollout.ts';

// The clock's timers keep no process alive.
setInterval(() => undefined, 60_000);
const cluster = await openCluster();
const token = await signIn(cluster);
const calls = await apiCalls(cluster, token);
const rolled = await rollout(cluster, token);
const beats = await heartbeats(cluster, NODE);
const text = page({ calls, beats, rolled, date: new Date() });
const file = join(import.meta.dirname, 'RESULTS.md');
writeFileSync(file, text);
execFileSync('biome', ['format', '--write', file], { stdio: 'ignore' });
console.log(text);
process.exit();

/** An administrator's token, as a pod would have it. */
async function signIn(made: BenchCluster): Promise<string> {
  const first = made.instance();
  await first.bootstrap();
  const admin = first.as({ username: 'bench', groups: ['system:masters', 'system:authenticated'] });
  await admin.create(namespaces, { metadata: { name: namespace } });
  const ref = { namespace, name: 'default' };
  await admin.create(serviceAccounts, { metadata: ref });
  const bindings = resourceType<object>(
    'rbac.authorization.k8s.io',
    'v1',
    'clusterrolebindings',
    'ClusterRoleBinding',
    false,
  );
  await admin.create(bindings, {
    metadata: { name: 'bench' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: clusterRoles.kind, name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', ...ref }],
  });
  const asked = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };
  const answer: any = await admin.createSubresource(serviceAccounts, ref, 'token', asked as never);
  return answer.status.token;
}
