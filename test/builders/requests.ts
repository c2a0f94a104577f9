import type {
  AdmissionAttributes,
  AdmissionPlugin,
  AuthorizationAttributes,
  RequestInfo,
  UserInfo,
} from '../../functions/apiserver/contract.ts';
import type { KubeObject } from '../../lib/api/object.ts';
import { builtinResources } from '../../lib/api/resources.ts';

const INFO: RequestInfo = {
  path: '',
  verb: 'get',
  isResource: true,
  group: '',
  version: 'v1',
  resource: 'pods',
  subresource: '',
  namespace: '',
  name: '',
  rest: '',
};

/** `access(user, { verb: 'list', resource: 'pods' })` */
export function access(
  user: UserInfo,
  more: Partial<RequestInfo> & { fieldSelector?: string } = {},
): AuthorizationAttributes {
  return { ...INFO, ...more, user };
}

export interface AdmissionRequest extends Partial<RequestInfo> {
  operation?: AdmissionAttributes['operation'];
  user?: UserInfo;
  object?: KubeObject;
  oldObject?: KubeObject;
  options?: KubeObject;
  dryRun?: boolean;
  warn?: (message: string) => void;
}

export function admission(request: AdmissionRequest): AdmissionAttributes {
  const { operation = 'CREATE', object, oldObject, options, dryRun = false, user, warn, ...info } = request;
  const verb = { CREATE: 'create', UPDATE: 'update', DELETE: 'delete', CONNECT: 'connect' }[operation];
  const requested = { ...INFO, verb, namespace: object?.metadata?.namespace ?? '', ...info };
  const resource = builtinResources.find((row) => row.group === requested.group && row.resource === requested.resource);
  const who = user ?? { username: 'alice', groups: ['system:authenticated'] };
  return {
    operation,
    info: requested,
    resource: resource!,
    user: who,
    object,
    oldObject,
    options,
    dryRun,
    warn: warn ?? (() => {}),
  };
}

/** What the apiserver does with a request: all changes first, then all judgements. */
export async function admit(plugins: readonly AdmissionPlugin[], attributes: AdmissionAttributes): Promise<any> {
  for (const plugin of plugins) await plugin.mutate?.(attributes);
  for (const plugin of plugins) await plugin.validate?.(attributes);
  return attributes.object;
}
