import { forbiddenField, invalidValue, notSupported, required } from '../../../../lib/api/causes.ts';
import { portName, portNumber } from '../../../../lib/api/names.ts';
import type { Cause } from '../../../../lib/api/status.ts';
import type {
  IPBlock,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicySpec,
} from '../../../../lib/api/types.ts';
import type { KindRules } from '../../contract.ts';
import { checkFormat, checkOneOf } from '../check.ts';
import { checkCidr, isCidr, isStrictSubnet } from '../ip.ts';
import { checkLabelSelector } from '../label-selector.ts';
import { warnOfCidr } from '../warnings/addresses.ts';

/** Source: SetDefaults_NetworkPolicy in k8s.io/kubernetes/pkg/apis/networking/v1/defaults.go. */
function defaults({ spec }: NetworkPolicy): void {
  if (!spec) return;
  spec.podSelector ??= {};
  for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
    for (const port of rule.ports ?? []) port.protocol ??= 'TCP';
  }
  if (!spec.policyTypes?.length) spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

const TYPES = ['Ingress', 'Egress'];

/** Source: ValidateNetworkPolicySpec in k8s.io/kubernetes/pkg/apis/networking/validation. */
function validate(policy: NetworkPolicy, old?: NetworkPolicy): Cause[] {
  const causes: Cause[] = [];
  const spec = policy.spec ?? ({} as NetworkPolicySpec);
  const known = blocksOf(old?.spec).flatMap(({ cidr, except = [] }) => [cidr, ...except]);
  checkLabelSelector(causes, spec.podSelector, 'spec.podSelector');
  spec.ingress?.forEach(({ ports, from }, i) => {
    checkRule(causes, ports, from, known, `spec.ingress[${i}]`, 'from');
  });
  spec.egress?.forEach(({ ports, to }, i) => {
    checkRule(causes, ports, to, known, `spec.egress[${i}]`, 'to');
  });
  const types = spec.policyTypes ?? [];
  if (types.length > TYPES.length) {
    causes.push(invalidValue('spec.policyTypes', types, 'may not specify more than two policyTypes'));
    return causes;
  }
  types.forEach((type, i) => {
    if (!TYPES.includes(type)) causes.push(notSupported(`spec.policyTypes[${i}]`, type, TYPES));
  });
  return causes;
}

function blocksOf(spec: NetworkPolicySpec | undefined): IPBlock[] {
  const peers = [
    ...(spec?.ingress ?? []).flatMap(({ from }) => from ?? []),
    ...(spec?.egress ?? []).flatMap(({ to }) => to ?? []),
  ];
  return peers.flatMap(({ ipBlock }) => ipBlock ?? []);
}

function checkRule(
  causes: Cause[],
  ports: NetworkPolicyPort[] = [],
  peers: NetworkPolicyPeer[] = [],
  known: string[],
  path: string,
  direction: 'from' | 'to',
): void {
  ports.forEach((port, i) => {
    checkPort(causes, port, `${path}.ports[${i}]`);
  });
  peers.forEach((peer, i) => {
    checkPeer(causes, peer, known, `${path}.${direction}[${i}]`);
  });
}

function checkPort(causes: Cause[], { protocol, port, endPort }: NetworkPolicyPort, path: string): void {
  if (protocol !== undefined) checkOneOf(causes, `${path}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']);
  if (typeof port === 'number') {
    for (const fault of portNumber(port)) causes.push(invalidValue(`${path}.port`, port, fault));
    if (endPort === undefined) return;
    if (endPort < port)
      causes.push(invalidValue(`${path}.endPort`, endPort, 'must be greater than or equal to `port`'));
    for (const fault of portNumber(endPort)) causes.push(invalidValue(`${path}.endPort`, endPort, fault));
    return;
  }
  const when = port === undefined ? 'is not specified' : 'is non-numeric';
  if (endPort !== undefined) {
    causes.push(invalidValue(`${path}.endPort`, endPort, `may not be specified when \`port\` ${when}`));
  }
  if (port !== undefined) checkFormat(causes, `${path}.port`, port, portName);
}

function checkPeer(causes: Cause[], peer: NetworkPolicyPeer, known: string[], path: string): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  checkLabelSelector(causes, podSelector, `${path}.podSelector`);
  checkLabelSelector(causes, namespaceSelector, `${path}.namespaceSelector`);
  if (ipBlock) checkBlock(causes, ipBlock, known, `${path}.ipBlock`);
  if (!podSelector && !namespaceSelector && !ipBlock) causes.push(required(path, 'must specify a peer'));
  else if (ipBlock && (podSelector || namespaceSelector)) {
    causes.push(forbiddenField(path, 'may not specify both ipBlock and another peer'));
  }
}

function checkBlock(causes: Cause[], { cidr, except = [] }: IPBlock, known: string[], path: string): void {
  if (!cidr) return void causes.push(required(`${path}.cidr`));
  checkCidr(causes, cidr, `${path}.cidr`, known);
  if (!isCidr(cidr)) return;
  except.forEach((inner, i) => {
    const field = `${path}.except[${i}]`;
    checkCidr(causes, inner, field, known);
    if (!isCidr(inner) || isStrictSubnet(inner, cidr)) return;
    causes.push(invalidValue(field, inner, 'must be a strict subset of `cidr`'));
  });
}

export const networkPolicy: KindRules = {
  defaults,
  validate: (object: NetworkPolicy) => validate(object),
  validateUpdate: validate,
  generationFrom: ['spec'],
  warnings({ spec }: NetworkPolicy) {
    const warnings: string[] = [];
    const warn = (peers: NetworkPolicyPeer[] | undefined, path: string) => {
      peers?.forEach(({ ipBlock }, j) => {
        warnOfCidr(warnings, ipBlock?.cidr, `${path}[${j}].ipBlock.cidr`);
        ipBlock?.except?.forEach((range, k) => {
          warnOfCidr(warnings, range, `${path}[${j}].ipBlock.except[${k}]`);
        });
      });
    };
    spec?.ingress?.forEach(({ from }, i) => {
      warn(from, `spec.ingress[${i}].from`);
    });
    spec?.egress?.forEach(({ to }, i) => {
      warn(to, `spec.egress[${i}].to`);
    });
    return warnings;
  },
};
