import { POLICY_TABLE } from '../../../agent/policy/base-rules.ts';
import { policyRules } from '../../../agent/policy/policy-rules.ts';
import { dnsPod, namespaceLabels, policyPods } from '../../../agent/policy/view.ts';
import { TABLE } from '../../../agent/proxy/base-rules.ts';
import { proxyRules } from '../../../agent/proxy/proxy-rules.ts';
import type { Ruleset } from '../../../agent/proxy/ruleset.ts';
import { replaceScript, updateScript } from '../../../agent/proxy/script.ts';
import { servicePorts } from '../../../agent/proxy/service-port.ts';
import type { Stored } from '../../../lib/api/object.ts';
import type { Namespace, NetworkPolicy, NetworkPolicySpec, Pod } from '../../../lib/api/types.ts';
import { pod, stored } from '../../builders/objects.ts';
import { Namespaces } from './namespaces.ts';

const RANGE = { podCIDR: '10.78.0.0/16', serviceCIDR: '10.98.0.0/16', ownIPs: ['10.98.0.53'] };
const DNS_IP = '10.98.0.53';
const NODE_IP = '192.168.78.1';
const [A, B, C] = ['10.78.1.2', '10.78.1.3', '10.78.1.4'];
const SERVICE_IP = '10.98.0.10';
const REACHED = (name: string) => [expect.stringMatching(new RegExp(`^${name} `))];
const SILENCE = ['ETIMEDOUT'];

describe('network policies between real network namespaces', () => {
  let net: Namespaces;
  let applied: Ruleset | undefined;

  beforeAll(async () => {
    net = new Namespaces('zpi');
    net.attach('a', `${A}/32`, '169.254.2.1/32');
    net.attach('b', `${B}/32`, '169.254.2.2/32');
    net.attach('c', `${C}/32`, '169.254.2.3/32');
    net.attach('outside', '192.168.78.9/32', `${NODE_IP}/32`);
    net.run('node', 'ip', 'address', 'add', `${DNS_IP}/32`, 'dev', 'lo');
    net.apply(replaceScript(TABLE, proxyRules(serviceOf(A), [], RANGE)));
    await Promise.all(['a', 'b'].flatMap((name) => [net.serve(name, 80), net.serve(name, 81)]));
    await Promise.all([net.serve('node', 53), net.serve('node', 80), net.serve('outside', 80)]);
  });

  afterAll(() => net.remove());

  const pods: Stored<Pod>[] = [
    podOf('a', 'blue', A, { app: 'a' }),
    podOf('b', 'blue', B, { app: 'b' }),
    podOf('c', 'green', C, { app: 'c' }),
  ];
  const namespaces = ['blue', 'green', 'kube-system'].map(
    (name) => ({ metadata: stored(name, undefined, { 'kubernetes.io/metadata.name': name }) }) as Stored<Namespace>,
  );

  /** Goes on from what stands, by the difference, as the agent does. */
  function allow(...specs: Partial<NetworkPolicySpec>[]): void {
    const policies = specs.map((spec, i) => policy(`policy-${i}`, 'blue', spec));
    const view = { pods: [dnsPod(DNS_IP), ...policyPods(pods, 'here')], namespaces: namespaceLabels(namespaces) };
    const next = policyRules(policies, view, [DNS_IP]);
    net.apply(applied ? updateScript(POLICY_TABLE, applied, next) : replaceScript(POLICY_TABLE, next));
    applied = next;
  }

  test('without policies everybody reaches everybody', () => {
    allow();
    expect(net.connect('c', A, 80)).toEqual(REACHED('a'));
    expect(net.connect('outside', A, 80)).toEqual(REACHED('a'));
  });

  test('default deny of ingress closes a namespace to pods and outside, not to its node', () => {
    allow({ podSelector: {}, policyTypes: ['Ingress'] });
    for (const from of ['b', 'c', 'outside']) expect([from, ...net.connect(from, A, 80)]).toEqual([from, ...SILENCE]);
    expect(net.connect('node', A, 80)).toEqual(REACHED('a'));
    expect(net.connect('a', C, 81)).toEqual(['ECONNREFUSED']);
  });

  test('a pod selector admits pods of its own namespace, on the ports that are named', () => {
    allow({
      podSelector: { matchLabels: { app: 'a' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ protocol: 'TCP', port: 80 }] }],
    });
    expect(net.connect('b', A, 80)).toEqual(REACHED('a'));
    expect(net.connect('b', A, 81)).toEqual(SILENCE);
    expect(net.connect('c', A, 80)).toEqual(SILENCE);
    expect(net.connect('c', B, 80)).toEqual(REACHED('b'));
  });

  test('policies add up; namespace and pod selectors in one peer are both needed', () => {
    const green = { matchLabels: { 'kubernetes.io/metadata.name': 'green' } };
    allow(
      { podSelector: {} },
      {
        podSelector: {},
        ingress: [{ from: [{ namespaceSelector: green, podSelector: { matchLabels: { app: 'b' } } }] }],
      },
    );
    expect(net.connect('c', A, 80)).toEqual(SILENCE);
    allow({ podSelector: {} }, { podSelector: {}, ingress: [{ from: [{ namespaceSelector: green }] }] });
    expect(net.connect('c', A, 80)).toEqual(REACHED('a'));
    expect(net.connect('b', A, 80)).toEqual(SILENCE);
  });

  test('port ranges and named ports, which are what the receiving pod calls so', () => {
    allow({ podSelector: {}, ingress: [{ ports: [{ protocol: 'TCP', port: 81, endPort: 90 }] }] });
    expect(net.connect('b', A, 81)).toEqual(REACHED('a'));
    expect(net.connect('b', A, 80)).toEqual(SILENCE);
    allow({ podSelector: {}, ingress: [{ ports: [{ protocol: 'TCP', port: 'web' }] }] });
    expect(net.connect('b', A, 80)).toEqual(REACHED('a'));
    expect(net.connect('b', A, 81)).toEqual(SILENCE);
  });

  test('ipBlock admits a range but for its exceptions', () => {
    allow({ podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.78.0.0/16', except: [`${C}/32`] } }] }] });
    expect(net.connect('b', A, 80)).toEqual(REACHED('a'));
    expect(net.connect('c', A, 80)).toEqual(SILENCE);
    expect(net.connect('outside', A, 80)).toEqual(SILENCE);
    allow({
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: `${C}/32` } }] }],
    });
    expect(net.connect('outside', A, 80)).toEqual(REACHED('a'));
  });

  test('default deny of egress closes the way out and to the cluster’s DNS, not to the node', () => {
    allow({ podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Egress'] });
    expect(net.connect('a', B, 80)).toEqual(SILENCE);
    expect(net.connect('a', '192.168.78.9', 80)).toEqual(SILENCE);
    expect(net.connect('a', DNS_IP, 53)).toEqual(SILENCE);
    expect(net.connect('a', NODE_IP, 80)).toEqual(REACHED('node'));
    expect(net.connect('b', A, 80)).toEqual(REACHED('a'));
  });

  test('DNS is admitted by its port, and by the label of the pods that answer it elsewhere', () => {
    const [selector, tcp53] = [{ matchLabels: { app: 'a' } }, [{ protocol: 'TCP', port: 53 }]];
    allow({ podSelector: selector, policyTypes: ['Egress'], egress: [{ ports: tcp53 }] });
    expect(net.connect('a', DNS_IP, 53)).toEqual(REACHED('node'));
    const kubeDns = { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } };
    allow({ podSelector: selector, policyTypes: ['Egress'], egress: [{ to: [kubeDns], ports: tcp53 }] });
    expect(net.connect('a', DNS_IP, 53)).toEqual(REACHED('node'));
    expect(net.connect('a', B, 80)).toEqual(SILENCE);
  });

  test('egress is judged by the pod behind a service, and the receiver has a say too', () => {
    const toA = {
      podSelector: { matchLabels: { app: 'b' } },
      policyTypes: ['Egress'],
      egress: [{ to: [{ podSelector: { matchLabels: { app: 'a' } } }] }],
    };
    allow(toA);
    expect(net.connect('b', SERVICE_IP, 80)).toEqual(REACHED('a'));
    expect(net.connect('b', C, 80)).toEqual(SILENCE);
    allow(toA, { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress'] });
    expect(net.connect('b', SERVICE_IP, 80)).toEqual(SILENCE);
  });

  test('a pod reaches itself through its service whatever policies say', () => {
    allow({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    expect(net.connect('a', SERVICE_IP, 80)).toEqual(REACHED('a'));
  });

  test('protocols are told apart, SCTP is accepted, and a rule without ports admits all', () => {
    allow({
      podSelector: {},
      ingress: [{ ports: [{ protocol: 'UDP', port: 80 }, { protocol: 'SCTP', port: 80 }, { protocol: 'SCTP' }] }],
    });
    expect(net.ask('b', A, 80, 5004)).toMatch(/^a /);
    expect(net.connect('b', A, 80)).toEqual(SILENCE);
    allow({ podSelector: {}, ingress: [{}] });
    expect(net.connect('b', A, 80)).toEqual(REACHED('a'));
  });

  test('what was gone through by difference is what a fresh table would be', () => {
    const spec = {
      podSelector: {},
      ingress: [{ from: [{ podSelector: { matchLabels: { app: 'b' } } }], ports: [{ port: 'web' }] }],
    };
    allow(spec);
    const grown = net.run('node', 'nft', 'list', 'table', 'ip', 'zeroplane-policy');
    net.apply(replaceScript(POLICY_TABLE, applied!));
    const fresh = net.run('node', 'nft', 'list', 'table', 'ip', 'zeroplane-policy');
    const lines = (text: string) => text.split('\n').sort();
    expect(lines(grown)).toEqual(lines(fresh));
  });
});

function podOf(name: string, namespace: string, podIP: string, labels: Record<string, string>): Stored<Pod> {
  const ports = [{ name: 'web', containerPort: 80, protocol: 'TCP' }];
  const spec = { nodeName: 'here', containers: [{ name: 'c', image: 'i', ports }] };
  return pod({ name, namespace, labels, spec, status: { podIP, phase: 'Running' } });
}

function policy(name: string, namespace: string, spec: Partial<NetworkPolicySpec>): Stored<NetworkPolicy> {
  return { metadata: stored(name, namespace), spec: spec as NetworkPolicySpec } as Stored<NetworkPolicy>;
}

function serviceOf(ip: string) {
  const ports = [{ port: 80, protocol: 'TCP' }];
  const service = { metadata: { namespace: 'blue', name: 'a' }, spec: { clusterIP: SERVICE_IP, ports } };
  const slice = { addressType: 'IPv4', ports, endpoints: [{ addresses: [ip], nodeName: 'here' }] };
  return servicePorts(service, [slice], { nodeName: 'here' });
}
