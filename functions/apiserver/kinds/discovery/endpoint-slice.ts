import { isIPv4, isIPv6 } from 'node:net';
import { duplicateValue, invalidValue, required, tooMany } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, labelValue, qualifiedName } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { DiscoveryEndpointPort, Endpoint, EndpointHints, EndpointSlice } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkDeclaredImmutable, checkFormat, checkRequiredOneOf } from '../check.ts';
import { semanticEqual } from '../equal.ts';
import { checkCanonicalIp, checkEndpointIp } from '../ip.ts';
import { warnOfIp } from '../warnings/addresses.ts';

const ADDRESSES_MAX = 100;
const PORTS_MAX = 20_000;
const ENDPOINTS_MAX = 1000;
const HINTS_MAX = 8;

/** Source: ValidateEndpointSlice in k8s.io/kubernetes/pkg/apis/discovery/validation. */
function validate(slice: EndpointSlice, old?: EndpointSlice): Cause[] {
  const causes: Cause[] = [];
  checkRequiredOneOf(causes, 'addressType', slice.addressType, ['FQDN', 'IPv4', 'IPv6']);
  checkPorts(causes, slice.ports ?? []);
  if (!old || !semanticEqual(old.endpoints, slice.endpoints)) checkEndpoints(causes, slice);
  return causes;
}

function checkPorts(causes: Cause[], ports: DiscoveryEndpointPort[]): void {
  if (ports.length > PORTS_MAX) return void causes.push(tooMany('ports', ports.length, PORTS_MAX));
  const names = new Set<string>();
  ports.forEach(({ name = '', protocol, appProtocol }, i) => {
    const path = `ports[${i}]`;
    if (name) checkFormat(causes, `${path}.name`, name, dns1123Label);
    if (names.has(name)) causes.push(duplicateValue(`${path}.name`, name));
    names.add(name);
    checkRequiredOneOf(causes, `${path}.protocol`, protocol, ['SCTP', 'TCP', 'UDP']);
    if (appProtocol !== undefined) checkFormat(causes, `${path}.appProtocol`, appProtocol, qualifiedName);
  });
}

function checkEndpoints(causes: Cause[], { endpoints, addressType }: EndpointSlice): void {
  const count = endpoints?.length ?? 0;
  if (count > ENDPOINTS_MAX) return void causes.push(tooMany('endpoints', count, ENDPOINTS_MAX));
  endpoints?.forEach((endpoint, i) => {
    checkEndpoint(causes, endpoint, addressType, `endpoints[${i}]`);
  });
}

function checkEndpoint(causes: Cause[], endpoint: Endpoint, type: string, path: string): void {
  const { nodeName, hostname, hints } = endpoint;
  const addresses = endpoint.addresses ?? [];
  const at = `${path}.addresses`;
  if (addresses.length === 0) causes.push(required(at));
  if (addresses.length > ADDRESSES_MAX) causes.push(tooMany(at, addresses.length, ADDRESSES_MAX));
  addresses.forEach((address, i) => {
    if (type === 'FQDN') checkDomainName(causes, address, `${at}[${i}]`);
    else checkAddress(causes, address, type, at, `${at}[${i}]`);
  });
  if (nodeName !== undefined) checkFormat(causes, `${path}.nodeName`, nodeName, dns1123Subdomain);
  if (hostname !== undefined) checkFormat(causes, `${path}.hostname`, hostname, dns1123Label);
  if (hints) checkHints(causes, hints, `${path}.hints`);
}

function checkAddress(causes: Cause[], address: string, type: string, list: string, field: string): void {
  if (type !== 'IPv4' && type !== 'IPv6') return;
  const before = causes.length;
  checkCanonicalIp(causes, address, field);
  if (causes.length > before) return;
  const right = type === 'IPv4' ? isIPv4(address) : isIPv6(address);
  if (!right) causes.push(invalidValue(list, address, `must be an ${type} address`));
  checkEndpointIp(causes, address, field);
}

function checkDomainName(causes: Cause[], name: string, field: string): void {
  const plain = name.replace(/\.$/, '');
  if (!name) return void causes.push(required(field));
  const faults = dns1123Subdomain(plain);
  if (faults.length > 0) causes.push(invalidValue(field, plain, faults.join(',')));
  else if (!plain.includes('.')) {
    const why = 'should be a domain with at least two segments separated by dots';
    causes.push(invalidValue(field, plain, why));
  }
}

function checkHints(causes: Cause[], { forZones, forNodes }: EndpointHints, path: string): void {
  checkNames(causes, forZones ?? [], labelValue, `${path}.forZones`);
  checkNames(causes, forNodes ?? [], dns1123Subdomain, `${path}.forNodes`);
}

function checkNames(causes: Cause[], hints: { name: string }[], format: typeof labelValue, path: string): void {
  if (hints.length > HINTS_MAX) return void causes.push(tooMany(path, hints.length, HINTS_MAX));
  hints.forEach(({ name }, i) => {
    const field = `${path}[${i}].name`;
    if (hints.findIndex((other) => other.name === name) < i) causes.push(duplicateValue(field, name));
    checkFormat(causes, field, name, format);
  });
}

/** Lists that are never left out: stored as protobuf upstream, an empty one comes back as null. */
function emptyToNull(slice: { ports?: unknown; endpoints?: unknown }): void {
  for (const list of ['ports', 'endpoints'] as const) {
    const value = slice[list];
    if (!Array.isArray(value) || value.length === 0) slice[list] = null;
  }
}

/** Labels count as content too: they say whose endpoints these are. Source: endpointSliceStrategy.PrepareForUpdate. */
function prepareForUpdate(slice: EndpointSlice, old: EndpointSlice): void {
  if (!slice.metadata || semanticEqual(slice.metadata.labels, old.metadata?.labels)) return;
  slice.metadata.generation = (old.metadata?.generation ?? 0) + 1;
}

const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by';
const OWN_WRITERS = ['endpointslice-controller.k8s.io', 'endpointslicemirroring-controller.k8s.io'];

export const endpointSlice: KindRules = {
  prepareForUpdate,
  defaults(slice: EndpointSlice) {
    const { ports, endpoints } = slice;
    emptyToNull(slice);
    for (const port of ports ?? []) {
      port.name ??= '';
      port.protocol ??= 'TCP';
    }
    for (const endpoint of endpoints ?? []) endpoint.conditions ??= {};
  },
  validate: (object: EndpointSlice) => validate(object),
  validateUpdate(object: EndpointSlice, old: EndpointSlice) {
    const causes = validate(object, old);
    checkDeclaredImmutable(causes, 'addressType', object.addressType, old.addressType);
    return causes;
  },
  generationFrom: ['addressType', 'endpoints', 'ports'],
  warnings({ addressType, endpoints, metadata }: EndpointSlice, old?: EndpointSlice) {
    const warnings: string[] = [];
    if (!old && addressType === 'FQDN') warnings.push('spec.addressType: FQDN endpoints are deprecated');
    if (addressType !== 'IPv6' || OWN_WRITERS.includes(metadata?.labels?.[MANAGED_BY] ?? '')) return warnings;
    endpoints?.forEach(({ addresses }, i) => {
      addresses?.forEach((address, j) => {
        warnOfIp(warnings, address, `endpoints[${i}].addresses[${j}]`);
      });
    });
    return warnings;
  },
};
