import { apiEndpoint, deploy } from '../../localstack/deploy.ts';
import { missingRequirements } from '../../localstack/requirements.ts';
import { startLocalStack } from '../../localstack/server.ts';
import { freePort } from '../free-port.ts';
import { debianPackages } from '../integration/debian-packages.ts';
import { type Deployed, tellDeployed } from './deployed.ts';
import { allowMachines } from './machines.ts';
import { keepRunning } from './teardown.ts';

/** The first time LocalStack and DynamoDB Local are downloaded. */
const INSTALL_ATTEMPTS = 10;

/** Before all suites: one LocalStack with a state of its own, one cluster in it. */
export default async function setup(): Promise<void> {
  const missing = missingRequirements();
  if (missing.length > 0) throw new Error(`LocalStack needs ${missing.join('; ')}`);
  // Of the machines that the suites play: their shims, routers and archives.
  debianPackages({ curl: 'curl', python3: 'python3', sysctl: 'procps' });
  const port = Number(process.env['LOCALSTACK_PORT'] ?? (await freePort()));
  const localstack = await startLocalStack(port, INSTALL_ATTEMPTS);
  keepRunning(localstack);
  const name = 'test';
  await deploy({ port, name });
  const deployed: Deployed = { port, name, server: await apiEndpoint({ port, name }), logFile: localstack.logFile };
  tellDeployed(deployed);
  await allowMachines(deployed, false);
}
