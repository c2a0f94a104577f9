import type { Command } from 'commander';
import { ClusterError } from '../../lib/cluster/error.ts';
import type { ClusterPaths } from '../../lib/cluster/paths.ts';
import { awake } from '../../lib/runtime/awake.ts';
import type { AwsOptions } from './aws/credentials.ts';
import { withAwsOptions } from './aws-commands.ts';
import type { Environment } from './environment.ts';
import { localStatus, rotateLocal } from './secrets/local.ts';

interface SecretsOptions extends AwsOptions {
  aws?: string;
  name?: string;
  stateDir?: string;
}

/** The keys of a local cluster, or with `--aws` of one on AWS. */
export function addSecretsCommands(
  root: Command,
  command: (parent: Command, usage: string, description: string) => Command,
  paths: (options: SecretsOptions) => ClusterPaths,
  { context }: Environment,
): void {
  const secrets = command(root, 'secrets', 'the keys that Secrets are encrypted with');
  const on = (usage: string, description: string) =>
    withAwsOptions(command(secrets, usage, description)).option('--aws <stack>', 'a cluster on AWS');
  const say = (text: string) => void process.stdout.write(`${text}\n`);
  const onAws = () => import('./secrets/aws.ts');
  on('rotate', 'make a new key, and write every Secret again with it').action((_, sub) => {
    const { aws, ...options }: SecretsOptions = sub.optsWithGlobals();
    return aws
      ? awake(async () => (await onAws()).rotateAws({ ...options, aws }, context))
      : rotateLocal(paths(options), context);
  });
  on('status', 'which keys there are, and what each has sealed').action(async (_, sub) => {
    const { aws, ...options }: SecretsOptions = sub.optsWithGlobals();
    say(
      aws
        ? await awake(async () => (await onAws()).statusAws({ ...options, aws }, context))
        : await localStatus(paths(options)),
    );
  });
  on('prune', 'on AWS: forget keys that seal nothing any more; older backups cannot be read then').action(
    async (_, sub) => {
      const { aws, ...options }: SecretsOptions = sub.optsWithGlobals();
      if (!aws)
        throw new ClusterError('--aws STACK is missing: a local cluster’s keys are forgotten by its rotations', 2);
      say(await awake(async () => (await onAws()).pruneAws({ ...options, aws }, context)));
    },
  );
}
