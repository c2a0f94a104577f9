import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander';
import { parseThresholds } from '../../agent/eviction/thresholds.ts';
import { parseDuration } from '../../lib/api/duration.ts';
import { StatusError } from '../../lib/api/status.ts';
import { addNodes } from '../../lib/cluster/add-nodes.ts';
import { readConfig } from '../../lib/cluster/config.ts';
import { checkedName } from '../../lib/cluster/define.ts';
import { down } from '../../lib/cluster/down.ts';
import { ClusterError } from '../../lib/cluster/error.ts';
import { DEFAULT_NAME } from '../../lib/cluster/kubeconfig.ts';
import { logFile } from '../../lib/cluster/logs.ts';
import { removeNode } from '../../lib/cluster/remove-node.ts';
import { status } from '../../lib/cluster/status.ts';
import { up } from '../../lib/cluster/up.ts';
import { gitVersion } from '../../lib/runtime/version.ts';
import { addAwsCommands, portNumber, withAwsOptions } from './aws-commands.ts';
import { completion, SHELLS } from './completion.ts';
import { cost } from './cost.ts';
import type { Environment } from './environment.ts';
import { listImages, loadImages } from './image.ts';
import { readSchedulerConfiguration } from './scheduler-config.ts';
import { addSecretsCommands } from './secrets-commands.ts';

/** Runs one command; the exit code is 1 if it did not work, 2 if it was asked for wrongly. */
export async function runProgram(argv: readonly string[], environment: Environment): Promise<void> {
  try {
    await program(environment).parseAsync([...argv]);
  } catch (error) {
    process.exitCode = explain(error);
  }
}

/** Commander has said its own errors already. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof StatusError) {
    process.stderr.write(`error: ${error.message || error.reason}\n`);
    return 1;
  }
  if (error instanceof ClusterError) {
    process.stderr.write(`error: ${error.message}\n`);
    return error.exitCode;
  }
  if (isSystemError(error)) {
    process.stderr.write(`error: ${error.message}\n`);
    return 1;
  }
  process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return 1;
}

/** What the machine refused (no permission, no space, no such folder): its message names call and path. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error && 'message' in error;
}

/** How long `node remove` waits for pods to leave. */
const DRAIN_SECONDS = 120;

interface ClusterOptions {
  name?: string;
  stateDir?: string;
}

export function program(environment: Environment): Command {
  const { context } = environment;
  const root = new Command('zeroplane')
    .description('A Kubernetes cluster on this machine')
    .version(environment.version, '-V, --version', 'print the version')
    .exitOverride();
  const nameOf = ({ name = DEFAULT_NAME }: ClusterOptions) => checkedName(name);
  const paths = (options: ClusterOptions) => environment.paths(nameOf(options), options.stateDir);
  const command = (parent: Command, usage: string, description: string) =>
    parent
      .command(usage)
      .description(description)
      .exitOverride()
      .option('--name <name>', `the cluster (default: ${DEFAULT_NAME})`)
      .option('--state-dir <folder>', 'where its state lies (default: ~/.zeroplane/NAME)');

  command(root, 'up', 'bring the cluster up, or take it up again as it was')
    .option('--nodes <count>', 'how many nodes (default: 1, or as it was)', wholeNumber)
    .option('--port <port>', 'of the API at 127.0.0.1 (default: 6443, or the next free one)', portNumber)
    .option('--ingress-http-port <port>', 'of Ingress at 127.0.0.1 (default: 8080, or the next free one)', portNumber)
    .option('--ingress-https-port <port>', 'the same for TLS (default: 8443, or the next free one)', portNumber)
    .option('--pod-cidr <range>', 'addresses of pods (default: 10.244.0.0/16)')
    .option('--service-cidr <range>', 'addresses of services (default: 10.96.0.0/16)')
    .option('--dns-domain <domain>', 'the cluster’s domain (default: cluster.local)')
    .option(
      '--eviction-hard <thresholds>',
      'below what nodes evict pods: memory.available<500Mi,nodefs.available<10%',
      thresholds,
    )
    .option(
      '--eviction-pressure-transition-period <duration>',
      'how long a pressure lasts after what caused it (default: 5m)',
      durationMs,
    )
    .option(
      '--shutdown-grace-period <duration>',
      'how long pods may take to end when their node goes down (default: 30s)',
      durationMs,
    )
    .option(
      '--shutdown-grace-period-critical-pods <duration>',
      'what of it is kept for critical pods, which end last (default: a third)',
      durationMs,
    )
    .option(
      '--scheduler-config <file>',
      'a KubeSchedulerConfiguration: profiles, their plugins and arguments',
      readSchedulerConfiguration,
    )
    .option('--dns-ip <address>', 'of the cluster’s DNS (default: 10.96.0.10)')
    .action((options) => up({ ...options, name: nameOf(options) }, paths(options), context));
  command(root, 'down', 'stop the cluster; its state is kept')
    .option('--delete', 'remove its state too')
    .action((options) => down(nameOf(options), options.delete === true, paths(options), context));
  command(root, 'status', 'what runs, and where').action(async (options) => {
    const { running, text } = await status(nameOf(options), paths(options));
    process.stdout.write(`${text}\n`);
    process.exitCode = running ? 0 : 1;
  });
  withAwsOptions(
    command(root, 'kubeconfig', 'print the administrator’s kubeconfig; with --aws, write one that signs in with IAM'),
  )
    .option('--aws <stack>', 'the cluster on AWS, as its stacks are named')
    .option('--print', 'with --aws: print it instead')
    .action(async (options) => {
      if (options.aws) {
        const { clock, kubeconfigFile: file } = context;
        const { kubeconfigOfAws } = await import('./aws/kubeconfig.ts');
        return kubeconfigOfAws(options, { file, plugin: environment.plugin, clock });
      }
      const { kubeconfig, config, state } = paths(options);
      if (!readConfig(config)) throw new ClusterError(`there is no cluster ${nameOf(options)} in ${state}`);
      process.stdout.write(readFileSync(kubeconfig, 'utf8'));
    });
  command(root, 'logs <component>', 'the log of control-plane, NODE or NODE/containerd')
    .option('-f, --follow', 'go on as it grows')
    .action((component, options) => {
      const follow = options.follow ? ['--follow=name'] : [];
      const { status: code } = spawnSync('tail', ['--lines=+1', ...follow, logFile(component, paths(options))], {
        stdio: 'inherit',
      });
      process.exitCode = code ?? 1;
    });
  addAwsCommands(root, command, paths, environment);
  addSecretsCommands(root, command, paths, environment);
  const image = command(root, 'image', 'images on the nodes');
  command(image, 'load <files...>', 'load what docker save wrote, or OCI archives, on every node').action(
    (files, _, sub) => loadImages(files, paths(sub.optsWithGlobals())),
  );
  command(image, 'list', 'images on the nodes').action((_, sub) => listImages(paths(sub.optsWithGlobals())));
  const node = command(root, 'node', 'nodes of a running cluster');
  command(node, 'add', 'start more nodes')
    .option('--count <count>', 'how many (default: 1)', wholeNumber)
    .action((_, sub) => {
      const options = sub.optsWithGlobals();
      return addNodes(nameOf(options), options.count ?? 1, paths(options), context);
    });
  command(node, 'remove <node>', 'move its pods elsewhere, then end and forget it')
    .option('--force', 'end pods that nobody starts elsewhere; lose volumes that are on this node alone')
    .option('--timeout <seconds>', 'how long its pods may take to leave (default: 120)', wholeNumber)
    .action((name, _, sub) => {
      const options = sub.optsWithGlobals();
      const timeoutMs = 1000 * (options.timeout ?? DRAIN_SECONDS);
      return removeNode(name, { force: options.force === true, timeoutMs }, paths(options), context);
    });
  root
    .command('cost')
    .description('what the control plane costs a month on AWS, idle and busy, beside EKS')
    .exitOverride()
    .option('--nodes <count>', 'worker nodes', wholeNumber, 3)
    .option('--pods <count>', 'pods on them', wholeNumber, 50)
    .option(
      '--writes-per-second <rate>',
      'API writes of a busy month (default: each pod replaced ten times a day)',
      rate,
    )
    .option('--watches <count>', 'watches that pods hold on the API', wholeNumber, 40)
    .option('--chart <file>', 'draw the bill over the number of nodes, as SVG')
    .action(cost);
  root
    .command('version')
    .description('print the version')
    .exitOverride()
    .action(() => {
      process.stdout.write(`zeroplane ${environment.version} (Kubernetes ${gitVersion(environment.version)})\n`);
    });
  root
    .command('completion')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .description(`completion script for ${SHELLS.join(', ')}`)
    .exitOverride()
    .action((shell) => {
      process.stdout.write(completion(shell, root));
    });
  return root;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is needed.');
  return Number(text);
}

function thresholds(text: string): string {
  try {
    parseThresholds(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return text;
}

function durationMs(text: string): number {
  const nanos = parseDuration(text);
  if (nanos === undefined || nanos < 0) throw new InvalidArgumentError('a duration is needed: 5m, say.');
  return Number(nanos) / 1e6;
}

function rate(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('a number is needed: 0.5, say.');
  return Number(text);
}
