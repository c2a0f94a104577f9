import type { Service } from '../../lib/api/types.ts';

/** The variables that tell a container of the services around it. Source: pkg/kubelet/envvars and getServiceEnvVarMap. */
export function serviceEnv(services: readonly Service[], namespace: string, links: boolean): Map<string, string> {
  const env = new Map<string, string>();
  for (const service of visible(services, namespace, links)) addService(env, service);
  return env;
}

/** The API server's own service is told to everybody. */
function visible(services: readonly Service[], namespace: string, links: boolean): Service[] {
  const byName = new Map<string, Service>();
  for (const service of services) {
    const { clusterIP } = service.spec ?? {};
    if (!clusterIP || clusterIP === 'None') continue;
    const { name = '', namespace: its } = service.metadata ?? {};
    const master = its === 'default' && name === 'kubernetes';
    if (master ? !byName.has(name) : its === namespace && links) byName.set(name, service);
  }
  return [...byName.values()];
}

function addService(env: Map<string, string>, service: Service): void {
  const name = variableName(service.metadata?.name ?? '');
  const ip = service.spec!.clusterIP!;
  const ports = service.spec?.ports ?? [];
  if (!ports[0]) return;
  env.set(`${name}_SERVICE_HOST`, ip);
  env.set(`${name}_SERVICE_PORT`, String(ports[0].port));
  for (const port of ports) {
    if (port.name) env.set(`${name}_SERVICE_PORT_${variableName(port.name)}`, String(port.port));
  }
  env.set(`${name}_PORT`, portUrl(ports[0], ip));
  for (const port of ports) addLink(env, `${name}_PORT_${port.port}_${port.protocol ?? 'TCP'}`, port, ip);
}

type Port = { port: number; protocol?: string | undefined };

function addLink(env: Map<string, string>, prefix: string, port: Port, ip: string): void {
  env.set(prefix, portUrl(port, ip));
  env.set(`${prefix}_PROTO`, (port.protocol ?? 'TCP').toLowerCase());
  env.set(`${prefix}_PORT`, String(port.port));
  env.set(`${prefix}_ADDR`, ip);
}

function portUrl({ port, protocol = 'TCP' }: Port, ip: string): string {
  return `${protocol.toLowerCase()}://${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}

function variableName(name: string): string {
  return name.replaceAll('-', '_').toUpperCase();
}
