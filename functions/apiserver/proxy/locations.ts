import { badRequest, notFound, serviceUnavailable } from '../../../lib/api/status.ts';
import type { EndpointSlice, Pod, Service, ServicePort } from '../../../lib/api/types.ts';
import type { UpgradeTarget } from '../contract.ts';
import type { Call } from '../registry/call.ts';
import { keyOf, keyPrefix } from '../registry/resource-table.ts';
import { decodeStored } from '../registry/stored.ts';
import { agentUrl, hostOf } from './nodes.ts';

interface Name {
  scheme: 'http' | 'https';
  name: string;
  port: string;
}

/** `name`, `name:port`, `scheme:name:port`. Source: net.SplitSchemeNamePort of apimachinery. */
export function splitSchemeNamePort(text: string): Name {
  const parts = text.split(':');
  if (parts.length === 1) return { scheme: 'http', name: parts[0]!, port: '' };
  if (parts.length === 2) return { scheme: 'http', name: parts[0]!, port: parts[1]! };
  const [scheme, name, port] = parts;
  if (parts.length === 3 && name && (scheme === 'http' || scheme === 'https' || scheme === '')) {
    return { scheme: scheme || 'http', name, port: port! };
  }
  throw badRequest(`invalid request ${JSON.stringify(text)}`);
}

/** pods/NAME/proxy: the pod's address, at the port named or its first. */
export async function podProxyUrl(call: Call): Promise<UpgradeTarget> {
  const { scheme, name, port } = splitSchemeNamePort(call.info.name);
  const pod = (await read(call, name)) as Pod;
  const ip = pod.status?.podIP;
  if (!ip) throw badRequest('address not allowed');
  const wanted = port || pod.spec?.containers.flatMap((container) => container.ports ?? [])[0]?.containerPort;
  return target(call, scheme, ip, wanted ? String(wanted) : '');
}

/** services/NAME/proxy: one of the endpoints that are ready. Source: pkg/registry/core/service/storage ResourceLocation. */
export async function serviceProxyUrl(call: Call): Promise<UpgradeTarget> {
  const { scheme, name, port } = splitSchemeNamePort(call.info.name);
  const item = await call.server.store.get(keyOf(call.type, call.info.namespace, name));
  const service = item && (decodeStored(item.value) as Service);
  const endpoints = service ? await readyEndpoints(call, name, servicePortName(service, port)) : [];
  if (endpoints.length === 0) throw serviceUnavailable(`no endpoints available for service ${JSON.stringify(name)}`);
  const { ip, port: number } = endpoints[Math.floor(call.server.random.next() * endpoints.length)]!;
  return target(call, scheme, ip, String(number));
}

export async function nodeProxyUrl(call: Call): Promise<UpgradeTarget> {
  const { name, port } = splitSchemeNamePort(call.info.name);
  const url = await agentUrl(call.server, name);
  if (port) url.port = port;
  url.pathname = `/${call.info.rest}`;
  copyQuery(call, url);
  return { url, as: 'kubelet-client' };
}

async function read(call: Call, name: string) {
  const item = await call.server.store.get(keyOf(call.type, call.info.namespace, name));
  if (!item) throw notFound(call.type, name);
  return decodeStored(item.value);
}

function target(call: Call, scheme: string, ip: string, port: string): UpgradeTarget {
  const url = new URL(`${scheme}://${hostOf(ip)}${port ? `:${port}` : ''}/`);
  url.pathname = `/${call.info.rest}`;
  copyQuery(call, url);
  return { url, as: 'none' };
}

function copyQuery({ query }: Call, url: URL): void {
  url.search = query.toString();
}

function servicePortName(service: Service, wanted: string): string {
  const ports: readonly ServicePort[] = service.spec?.ports ?? [];
  if (!wanted) return ports.length === 1 ? (ports[0]!.name ?? '') : wanted;
  const byNumber = ports.find(({ port }) => String(port) === wanted);
  if (byNumber) return byNumber.name ?? '';
  if (ports.some(({ name }) => name === wanted)) return wanted;
  throw serviceUnavailable(
    `no service port ${JSON.stringify(wanted)} found for service ${JSON.stringify(service.metadata?.name)}`,
  );
}

async function readyEndpoints(call: Call, name: string, portName: string): Promise<{ ip: string; port: number }[]> {
  const slices = call.server.resources.lookup('discovery.k8s.io', 'v1', 'endpointslices')!;
  const { items } = await call.server.store.list(keyPrefix(slices, call.info.namespace));
  return items
    .map((item) => decodeStored(item.value) as unknown as EndpointSlice)
    .filter((slice) => slice.metadata?.labels?.['kubernetes.io/service-name'] === name)
    .flatMap((slice) => {
      const port = slice.ports?.find((candidate) => (candidate.name ?? '') === portName)?.port;
      const ready = slice.endpoints?.filter(({ conditions }) => conditions?.ready !== false) ?? [];
      return port ? ready.flatMap(({ addresses }) => addresses.map((ip) => ({ ip, port }))) : [];
    });
}
