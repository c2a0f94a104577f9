import { badRequest, serviceUnavailable } from '../../../lib/api/status.ts';
import type { RequestInfo, UpgradeTarget } from '../contract.ts';
import { attributes, mutate, validate } from '../registry/admit.ts';
import type { Call } from '../registry/call.ts';
import { getItem } from '../registry/get.ts';
import { decodeStored } from '../registry/stored.ts';
import { forward, forwardLog } from './forward.ts';
import { nodeProxyUrl, podProxyUrl, serviceProxyUrl } from './locations.ts';
import { isSession, session } from './session.ts';
import { attachUrl, execUrl, logUrl, portForwardUrl } from './streaming.ts';

type Locate = (call: Call) => Promise<UpgradeTarget>;

/** Subresources that are answered by a node, a pod or a service. */
const LOCATIONS: Readonly<Record<string, Locate>> = {
  'pods/log': logUrl,
  'pods/exec': execUrl,
  'pods/attach': attachUrl,
  'pods/portforward': portForwardUrl,
  'pods/proxy': podProxyUrl,
  'services/proxy': serviceProxyUrl,
  'nodes/proxy': nodeProxyUrl,
};

export function isConnect(info: RequestInfo): boolean {
  return info.group === '' && `${info.resource}/${info.subresource}` in LOCATIONS;
}

export async function proxy(call: Call): Promise<Response> {
  const { info, server } = call;
  if (isSession(call)) return session(call);
  if (isStream(info)) throw badRequest('Upgrade request required');
  const target = await connectTarget(call);
  if (!server.backend) throw serviceUnavailable('this apiserver has no way to nodes and pods');
  return info.subresource === 'log' ? forwardLog(call, target) : forward(call, target);
}

function isStream({ subresource }: RequestInfo): boolean {
  return subresource === 'exec' || subresource === 'attach' || subresource === 'portforward';
}

/** Where the bytes of an admitted request go. */
export async function connectTarget(call: Call): Promise<UpgradeTarget> {
  const locate = LOCATIONS[`${call.info.resource}/${call.info.subresource}`]!;
  if (call.info.subresource !== 'log') await admitConnect(call);
  return locate(call);
}

async function admitConnect(call: Call): Promise<void> {
  if (call.server.admission.length === 0) return;
  const oldObject = call.info.subresource === 'proxy' ? undefined : decodeStored((await getItem(call)).value);
  const given = attributes(call, { operation: 'CONNECT', oldObject, dryRun: false });
  await mutate(call, given);
  await validate(call, given);
}
