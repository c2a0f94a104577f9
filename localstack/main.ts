/**
 * `npm run localstack`: LocalStack with the cluster deployed, until Ctrl-C.
 * `npm run localstack -- status` and `-- deploy` speak to the one that runs; LOCALSTACK_PORT and CLUSTER name others.
 */

import { apiEndpoint, awsEnvironmentOf, type Deployment, deploy } from './deploy.ts';
import { localStackEndpoints } from './endpoints.ts';
import { isInstalled, missingRequirements } from './requirements.ts';
import { answers, startLocalStack } from './server.ts';

const port = Number(process.env['LOCALSTACK_PORT'] ?? 4566);
const endpoint = `http://localhost:${port}`;
const deployment: Deployment = { port, name: process.env['CLUSTER'] ?? 'zeroplane', onOutput: progress };
/** The first time LocalStack and DynamoDB Local are downloaded. */
const INSTALL_ATTEMPTS = 10;

const commands: Record<string, () => Promise<number>> = { up, deploy: again, status };
const command = commands[process.argv[2] ?? 'up'];
if (!command) console.error('usage: npm run localstack [-- up | deploy | status]');
process.exitCode = command ? await command() : 2;

async function up(): Promise<number> {
  if (await answers(endpoint))
    return say(`something answers at ${endpoint} already: end it, or set LOCALSTACK_PORT`, 1);
  const missing = missingRequirements();
  if (missing.length > 0) return say(`LocalStack needs:\n${missing.map((line) => `  ${line}`).join('\n')}`, 1);
  const interrupted = new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, resolve);
  });
  say(isInstalled() ? 'starts LocalStack' : 'installs LocalStack and starts it (once; some two minutes)');
  const localstack = await startLocalStack(port, INSTALL_ATTEMPTS);
  // Neither LocalStack nor waiting for a signal keeps a process alive.
  const alive = setInterval(() => undefined, 60_000);
  try {
    say('deploys the cluster');
    const deployed = deploy(deployment).then(usage);
    await Promise.race([deployed.then(() => interrupted), interrupted]);
  } catch (error) {
    return say((error as Error).message, 1);
  } finally {
    say('stops LocalStack');
    await localstack.stop();
    clearInterval(alive);
  }
  return 0;
}

async function again(): Promise<number> {
  await deploy(deployment);
  await usage();
  return 0;
}

async function status(): Promise<number> {
  if (!(await answers(endpoint))) return say(`nothing answers at ${endpoint}`, 1);
  const { version, services } = await localStackEndpoints(endpoint).health();
  const running = Object.keys(services).filter((name) => services[name] === 'running');
  say(`LocalStack ${version} at ${endpoint}: ${running.join(', ')}`);
  await usage();
  return 0;
}

async function usage(): Promise<void> {
  const server = await apiEndpoint(deployment);
  const environment = Object.entries(awsEnvironmentOf(port)).map(([name, value]) => `export ${name}=${value}`);
  say(`the cluster ${deployment.name} answers at ${server}

${environment.join('\n')}
node dist/zeroplane.js kubeconfig --aws ${deployment.name} > localstack.kubeconfig
kubectl --kubeconfig localstack.kubeconfig get namespaces

Ctrl-C ends it; nothing is kept.`);
}

function progress(text: string): void {
  for (const line of text.split('\n')) {
    if (/✅|❌|FAILED|rror/.test(line)) say(line.trim());
  }
}

function say(text: string, code = 0): number {
  (code === 0 ? console.log : console.error)(`zeroplane: ${text}`);
  return code;
}
