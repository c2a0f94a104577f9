import { stringify } from 'yaml';
import { mergeKubeconfig } from '../../../lib/cluster/kubeconfig.ts';
import type { Clock } from '../../../lib/runtime/clock.ts';
import type { AwsOptions } from './credentials.ts';
import { type AwsTarget, awsTarget } from './target.ts';

export interface KubeconfigOptions extends AwsOptions {
  aws: string;
  print?: boolean;
}

/** What the kubeconfig's reader is to run: this program. */
export interface Plugin {
  command: string;
  args: readonly string[];
}

/** Which AWS is spoken to; secrets stay where they are. */
const ENVIRONMENT = ['AWS_PROFILE', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_STS'];

export async function kubeconfigOfAws(
  options: KubeconfigOptions,
  { file, plugin, clock }: { file: string; plugin: Plugin; clock: Clock },
): Promise<void> {
  const target = await awsTarget(options.aws, options);
  const text = awsKubeconfig(target, options, plugin, process.env);
  if (options.print) {
    process.stdout.write(text);
    return;
  }
  await mergeKubeconfig(file, text, clock);
  process.stdout.write(`context ${awsContext(target)} in ${file}\n`);
}

/** `zeroplane-aws-NAME`: a local cluster may have the same name. */
export function awsContext({ cluster }: Pick<AwsTarget, 'cluster'>): string {
  return `zeroplane-aws-${cluster}`;
}

/** A whole kubeconfig with one context, whose user signs in by `zeroplane token`. */
export function awsKubeconfig(
  target: AwsTarget,
  { roleArn }: AwsOptions,
  plugin: Plugin,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const name = awsContext(target);
  const { server, insecureSkipTlsVerify } = target;
  const args = [...plugin.args, 'token', '--cluster', target.cluster, '--region', target.region];
  if (roleArn) args.push('--role-arn', roleArn);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: plugin.command,
    args,
    env: ENVIRONMENT.flatMap((key) => (environment[key] ? [{ name: key, value: environment[key] }] : [])),
    interactiveMode: 'IfAvailable',
    provideClusterInfo: false,
  };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, ...(insecureSkipTlsVerify && { 'insecure-skip-tls-verify': true }) } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
}
