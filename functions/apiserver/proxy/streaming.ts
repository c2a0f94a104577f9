import { badRequest, StatusError } from '../../../lib/api/status.ts';
import type { Container, Pod } from '../../../lib/api/types.ts';
import { VIRTUAL_PROTOCOL } from '../../../lib/api/virtual-node.ts';
import type { UpgradeTarget } from '../contract.ts';
import type { Call } from '../registry/call.ts';
import { getItem } from '../registry/get.ts';
import { decodeStored } from '../registry/stored.ts';
import { isTrue } from '../request-info.ts';
import { agentUrl } from './nodes.ts';

/** The agent's paths are the kubelet's. Source: pkg/registry/core/pod/strategy.go and pkg/kubelet/server. */
export async function logUrl(call: Call): Promise<UpgradeTarget> {
  const pod = await podOf(call);
  const container = containerOf(pod, call.query, false);
  const target = await agentTarget(call, pod, ['containerLogs', container]);
  for (const name of LOG_PARAMETERS) {
    const value = call.query.get(name);
    if (value) target.url.searchParams.set(name, value);
  }
  return target;
}

const LOG_PARAMETERS = [
  'follow',
  'previous',
  'timestamps',
  'sinceSeconds',
  'sinceTime',
  'tailLines',
  'limitBytes',
  'insecureSkipTLSVerifyBackend',
  'stream',
];

export const execUrl = (call: Call) => streamUrl(call, 'exec');
export const attachUrl = (call: Call) => streamUrl(call, 'attach');

async function streamUrl(call: Call, action: 'exec' | 'attach'): Promise<UpgradeTarget> {
  const { query } = call;
  const pod = await podOf(call);
  const container = containerOf(pod, query, true);
  const target = await agentTarget(call, pod, [action, container]);
  const { searchParams } = target.url;
  if (isTrue(query.get('stdin'))) searchParams.set('input', '1');
  if (isTrue(query.get('stdout'))) searchParams.set('output', '1');
  if (isTrue(query.get('stderr'))) searchParams.set('error', '1');
  if (isTrue(query.get('tty'))) searchParams.set('tty', '1');
  for (const part of query.getAll('command')) searchParams.append('command', part);
  return target;
}

export async function portForwardUrl(call: Call): Promise<UpgradeTarget> {
  const target = await agentTarget(call, await podOf(call), ['portForward']);
  const ports = call.query.getAll('ports').flatMap((text) => text.split(','));
  if (ports.length) target.url.searchParams.set('port', ports.join(','));
  return target;
}

async function podOf(call: Call): Promise<Pod> {
  return decodeStored((await getItem(call)).value) as Pod;
}

async function agentTarget(call: Call, pod: Pod, [action, container]: string[]): Promise<UpgradeTarget> {
  const { name, namespace } = pod.metadata!;
  const nodeName = pod.spec?.nodeName;
  if (!nodeName) throw badRequest(`pod ${name} does not have a host assigned`);
  const url = await agentUrl(call.server, nodeName);
  if (url.protocol === VIRTUAL_PROTOCOL) {
    if (action !== 'containerLogs') throw notThere(action!, nodeName);
    url.searchParams.set('uid', pod.metadata!.uid!);
  }
  url.pathname = ['', action, namespace, name, ...(container ? [container] : [])].join('/');
  return { url, as: 'kubelet-client' };
}

/** No agent is there that could reach into a container. */
function notThere(action: string, node: string): StatusError {
  return new StatusError(405, 'MethodNotAllowed', `${action} is not supported on the virtual node ${node}: logs are`);
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** The container named, or the only one. Source: validateContainer of pkg/registry/core/pod/strategy.go. */
function containerOf(pod: Pod, query: URLSearchParams, mayDefault: boolean): string {
  const containers = pod.spec?.containers ?? [];
  const wanted = query.get('container');
  if (wanted) return known(pod, wanted);
  const annotated = pod.metadata?.annotations?.[DEFAULT_CONTAINER];
  if (mayDefault && annotated && containers.some(({ name }) => name === annotated)) return annotated;
  if (containers.length === 1) return containers[0]!.name;
  const others = (label: string, list: readonly { name: string }[] = []) =>
    list.length ? ` or one of the ${label} containers: [${names(list)}]` : '';
  const init = others('init', pod.spec?.initContainers);
  const choices = `[${names(containers)}]${init}${others('ephemeral', pod.spec?.ephemeralContainers)}`;
  throw badRequest(`a container name must be specified for pod ${pod.metadata?.name}, choose one of: ${choices}`);
}

function known(pod: Pod, wanted: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec ?? {};
  const all: readonly Pick<Container, 'name'>[] = [...containers, ...initContainers, ...ephemeralContainers];
  if (all.some(({ name }) => name === wanted)) return wanted;
  throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata?.name}`);
}

function names(containers: readonly { name: string }[]): string {
  return containers.map(({ name }) => name).join(' ');
}
