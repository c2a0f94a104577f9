import { isIP } from 'node:net';
import { invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { dns1123Label, dns1123Subdomain, portName, portNumber, wildcardSubdomain } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressSpec } from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkRequired } from '../check.ts';
import { checkIp } from '../ip.ts';
import { statusKept } from '../status.ts';
import { checkTypedReference } from './ingress-class.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** Source: ValidateIngressCreate in k8s.io/kubernetes/pkg/apis/networking/validation. */
function validate(ingress: Ingress): Cause[] {
  const causes = validateUpdate(ingress);
  const annotation = ingress.metadata?.annotations?.[CLASS_ANNOTATION];
  const { ingressClassName } = ingress.spec ?? {};
  if (annotation !== undefined && ingressClassName !== undefined && annotation !== ingressClassName) {
    const why = 'must match `ingressClassName` when both are specified';
    causes.push(invalidValue(`annotations.${CLASS_ANNOTATION}`, annotation, why));
  }
  return causes;
}

/** Source: ValidateIngressSpec. */
function validateUpdate({ spec = {} }: Ingress): Cause[] {
  const causes: Cause[] = [];
  if (!spec.rules?.length && !spec.defaultBackend) {
    causes.push(invalidValue('spec', spec.rules ?? null, 'either `defaultBackend` or `rules` must be specified'));
  }
  if (spec.defaultBackend) checkBackend(causes, spec.defaultBackend, 'spec.defaultBackend');
  spec.rules?.forEach((rule, i) => {
    checkRule(causes, rule, `spec.rules[${i}]`);
  });
  checkTls(causes, spec);
  if (spec.ingressClassName !== undefined) {
    checkFormat(causes, 'spec.ingressClassName', spec.ingressClassName, dns1123Subdomain);
  }
  return causes;
}

function checkHost(causes: Cause[], host: string, field: string): void {
  checkFormat(causes, field, host, host.includes('*') ? wildcardSubdomain : dns1123Subdomain);
}

function checkTls(causes: Cause[], { tls }: IngressSpec): void {
  tls?.forEach(({ hosts, secretName }, i) => {
    hosts?.forEach((host, j) => {
      checkHost(causes, host, `spec.tls[${i}].hosts[${j}]`);
    });
    if (secretName) checkFormat(causes, `spec.tls[${i}].secretName`, secretName, dns1123Subdomain);
  });
}

function checkRule(causes: Cause[], { host, http }: IngressRule, path: string): void {
  if (host) {
    if (isIP(host)) causes.push(invalidValue(`${path}.host`, host, 'must be a DNS name, not an IP address'));
    checkHost(causes, host, `${path}.host`);
  }
  if (!http) return;
  checkRequired(causes, `${path}.http.paths`, http.paths);
  http.paths?.forEach((entry, i) => {
    checkPath(causes, entry, `${path}.http.paths[${i}]`);
  });
}

const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_SUFFIXES = ['/..', '/.'];

function checkPath(causes: Cause[], { path = '', pathType, backend }: HTTPIngressPath, at: string): void {
  if (!pathType) return void causes.push(required(`${at}.pathType`, 'pathType must be specified'));
  const field = `${at}.path`;
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!path.startsWith('/')) causes.push(invalidValue(field, path, 'must be an absolute path'));
    for (const bad of BAD_SEQUENCES) {
      if (path.includes(bad)) causes.push(invalidValue(field, path, `must not contain '${bad}'`));
    }
    for (const bad of BAD_SUFFIXES) {
      if (path.endsWith(bad)) causes.push(invalidValue(field, path, `cannot end with '${bad}'`));
    }
  } else if (pathType !== 'ImplementationSpecific') {
    causes.push(notSupported(`${at}.pathType`, pathType, ['Exact', 'ImplementationSpecific', 'Prefix']));
  } else if (path && !path.startsWith('/')) causes.push(invalidValue(field, path, 'must be an absolute path'));
  checkBackend(causes, backend ?? {}, `${at}.backend`);
}

function checkBackend(causes: Cause[], { resource, service }: IngressBackend, path: string): void {
  if (resource && service) causes.push(invalidValue(path, '', 'cannot set both resource and service backends'));
  else if (resource) checkTypedReference(causes, resource, `${path}.resource`);
  else if (service) checkService(causes, service, path);
  else causes.push(invalidValue(path, '', 'resource or service backend is required'));
}

function checkService(causes: Cause[], service: NonNullable<IngressBackend['service']>, path: string): void {
  const { name, port = {} } = service;
  if (checkRequired(causes, `${path}.service.name`, name))
    checkFormat(causes, `${path}.service.name`, name, dns1123Label);
  if (port.name && port.number) causes.push(invalidValue(path, '', 'cannot set both port name & port number'));
  else if (port.name) checkFormat(causes, `${path}.service.port.name`, port.name, portName);
  else if (!port.number) causes.push(required(path, 'port name or number is required'));
  else {
    for (const fault of portNumber(port.number)) {
      causes.push(invalidValue(`${path}.service.port.number`, port.number, fault));
    }
  }
}

function validateStatusUpdate({ status }: Ingress, old: Ingress): Cause[] {
  const causes: Cause[] = [];
  const known = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip ?? '');
  status?.loadBalancer?.ingress?.forEach(({ ip, hostname }, i) => {
    const path = `status.loadBalancer.ingress[${i}]`;
    if (ip) checkIp(causes, ip, `${path}.ip`, known);
    if (!hostname) return;
    checkFormat(causes, `${path}.hostname`, hostname, dns1123Subdomain);
    if (isIP(hostname)) {
      causes.push(invalidValue(`${path}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    }
  });
  return causes;
}

export const ingress: KindRules = {
  ...statusKept(() => ({ loadBalancer: {} })),
  validate,
  validateUpdate,
  validateStatusUpdate,
  generationFrom: ['spec'],
  warnings({ metadata, spec }: Ingress, old?: Ingress) {
    if (old || !metadata?.annotations || !(CLASS_ANNOTATION in metadata.annotations) || spec?.ingressClassName)
      return [];
    return [`annotation "${CLASS_ANNOTATION}" is deprecated, please use 'spec.ingressClassName' instead`];
  },
};
