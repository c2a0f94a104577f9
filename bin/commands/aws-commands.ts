import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from '../../lib/client/client.ts';
import { adminClient } from '../../lib/cluster/api.ts';
import { readConfig } from '../../lib/cluster/config.ts';
import { ClusterError } from '../../lib/cluster/error.ts';
import type { ClusterPaths } from '../../lib/cluster/paths.ts';
import type { GrantOptions } from './access/grant.ts';
import type { AwsOptions } from './aws/credentials.ts';
import type { Environment } from './environment.ts';

/** `--region` and `--role-arn`: as whom, and where, AWS is spoken to. */
export function withAwsOptions(command: Command): Command {
  return command
    .option('--region <region>', 'of AWS (default: the environment’s or profile’s)')
    .option('--role-arn <arn>', 'a role to assume first');
}

interface AccessOptions extends AwsOptions, GrantOptions {
  aws?: string;
  name?: string;
  stateDir?: string;
}

type PathsOf = (options: AccessOptions) => ClusterPaths;

/** What a cluster on AWS needs beyond the local one. What speaks to AWS is loaded when it is called for: the rest of the tool stays quick. */
export function addAwsCommands(
  root: Command,
  command: (parent: Command, usage: string, description: string) => Command,
  paths: PathsOf,
  environment: Environment,
): void {
  const { context } = environment;
  withAwsOptions(root.command('token').description('print a credential for kubectl: who AWS says that you are'))
    .exitOverride()
    .requiredOption('--cluster <name>', 'the cluster that takes it')
    .action(async (options) => (await import('./aws/token.ts')).token(options, context.clock));
  withAwsOptions(
    root.command('tunnel').description('a way to a cluster on AWS for watches, exec, port-forward, logs -f'),
  )
    .exitOverride()
    .requiredOption('--aws <stack>', 'the cluster, as its stacks are named')
    .option('--port <port>', 'at 127.0.0.1 (default: a free one)', portNumber)
    .action(async (options) => (await import('./tunnel.ts')).tunnel(options, context.kubeconfigFile, context.clock));
  addAccessCommands(root, command, paths, environment);
}

function addAccessCommands(
  root: Command,
  command: (parent: Command, usage: string, description: string) => Command,
  paths: PathsOf,
  { context }: Environment,
): void {
  const access = root.command('access').description('who of AWS may use the cluster').exitOverride();
  const on = (usage: string, description: string) =>
    withAwsOptions(command(access, usage, description)).option('--aws <stack>', 'a cluster on AWS');
  const say = (text: string) => void process.stdout.write(text);
  on('grant <arn>', 'make an IAM role or user a user of the cluster')
    .option('--username <name>', 'may hold {{SessionName}} and {{AccountID}} (default: from the ARN)')
    .option('--group <group>', 'its groups; may be said several times', (group, all: string[]) => [...all, group], [])
    .option('--admin', 'may do everything; with --namespace, everything there')
    .option('--edit', 'may change what runs, but no rights')
    .option('--view', 'may see everything but Secrets')
    .option('-n, --namespace <namespace>', 'where --admin, --edit or --view holds (default: everywhere)')
    .action(async (arn, _, sub) => {
      const options: AccessOptions = sub.optsWithGlobals();
      say(await (await import('./access/grant.ts')).grant(await clientOf(options, paths, context.clock), arn, options));
    });
  on('revoke <arn>', 'take back what was granted').action(async (arn, _, sub) => {
    say(
      await (await import('./access/revoke.ts')).revoke(
        await clientOf(sub.optsWithGlobals(), paths, context.clock),
        arn,
      ),
    );
  });
  on('list', 'what was granted').action(async (_, sub) => {
    say(await (await import('./access/list.ts')).list(await clientOf(sub.optsWithGlobals(), paths, context.clock)));
  });
}

/** With `--aws` as whoever is signed in there, otherwise the local cluster's administrator. */
async function clientOf(
  options: AccessOptions,
  paths: PathsOf,
  clock: Environment['context']['clock'],
): Promise<Client> {
  if (options.aws) {
    const [{ awsTarget }, { awsClient }] = await Promise.all([import('./aws/target.ts'), import('./aws/client.ts')]);
    return awsClient(await awsTarget(options.aws, options), options, clock);
  }
  const found = paths(options);
  const config = readConfig(found.config);
  if (!config) throw new ClusterError(`there is no cluster in ${found.state}: --aws STACK names one on AWS`);
  return adminClient(config, found);
}

export function portNumber(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is 1 to 65535.');
  return port;
}
