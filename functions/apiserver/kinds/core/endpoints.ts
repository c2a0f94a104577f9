import { required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { EndpointAddress, EndpointPort, Endpoints } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkRequired, checkRequiredOneOf } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkEndpointIp, checkIp } from '../ip.ts';
import { checkPortNumber } from '../pod-spec/containers.ts';

/** core/v1 and discovery.k8s.io both have an EndpointPort. */
type Port = EndpointPort & { port?: number | undefined };

/** Source: validateEndpointSubsets in k8s.io/kubernetes/pkg/apis/core/validation. */
function validate({ subsets }: Endpoints): Cause[] {
  const causes: Cause[] = [];
  subsets?.forEach(({ addresses = [], notReadyAddresses = [], ports = [] }, i) => {
    const path = `subsets[${i}]`;
    if (addresses.length + notReadyAddresses.length === 0) {
      causes.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
    }
    addresses.forEach((address, j) => {
      checkAddress(causes, address, `${path}.addresses[${j}]`);
    });
    notReadyAddresses.forEach((address, j) => {
      checkAddress(causes, address, `${path}.notReadyAddresses[${j}]`);
    });
    ports.forEach((port, j) => {
      checkPort(causes, port, ports.length > 1, `${path}.ports[${j}]`);
    });
  });
  return causes;
}

function checkAddress(causes: Cause[], { ip, hostname, nodeName }: EndpointAddress, path: string): void {
  checkIp(causes, ip ?? '', `${path}.ip`);
  if (hostname) checkFormat(causes, `${path}.hostname`, hostname, dns1123Label);
  if (nodeName !== undefined) checkFormat(causes, `${path}.nodeName`, nodeName, dns1123Subdomain);
  checkEndpointIp(causes, ip ?? '', `${path}.ip`);
}

function checkPort(causes: Cause[], { name, port, protocol, appProtocol }: Port, named: boolean, path: string): void {
  if (name) checkFormat(causes, `${path}.name`, name, dns1123Label);
  else if (named) checkRequired(causes, `${path}.name`, name);
  checkPortNumber(causes, port ?? 0, `${path}.port`);
  checkRequiredOneOf(causes, `${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']);
  if (appProtocol !== undefined) checkFormat(causes, `${path}.appProtocol`, appProtocol, qualifiedName);
}

export const endpoints: KindRules = {
  defaults({ subsets }: Endpoints) {
    for (const subset of subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP';
  },
  validate,
  /** What was stored under older rules may stay. */
  validateUpdate: (object: Endpoints, old: Endpoints) =>
    semanticEqual(object.subsets, old.subsets) ? [] : validate(object),
  createOnUpdate: true,
};
