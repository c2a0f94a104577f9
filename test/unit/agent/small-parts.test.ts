import { BackoffBook } from '../../../agent/pods/back-off.ts';
import { podLimits } from '../../../agent/pods/cgroups.ts';
import { parseResolvConf, podDns } from '../../../agent/pods/dns.ts';
import { expand, unresolved } from '../../../agent/pods/expansion.ts';
import { hostsFile } from '../../../agent/pods/hosts-file.ts';
import { invalidImageName } from '../../../agent/pods/image-name.ts';
import { credentialsFor } from '../../../agent/pods/pull-secrets.ts';
import { qosClass } from '../../../agent/pods/qos.ts';
import { containerResources, oomScoreAdj } from '../../../agent/pods/resources.ts';
import { goSeconds } from '../../../agent/pods/restarts.ts';
import { verifyRunAsNonRoot } from '../../../agent/pods/security-context.ts';
import { serviceEnv } from '../../../agent/pods/service-env.ts';
import { lastLines } from '../../../agent/pods/termination-message.ts';
import { initialState, nextState } from '../../../agent/probes/probe-state.ts';
import { mountPoints } from '../../../agent/volumes/mount.ts';
import { pod } from '../../builders/objects.ts';

describe('back-off', () => {
  it('lets the first failure pass, then waits 10 s, doubling to 5 min', () => {
    const book = new BackoffBook();
    const waits: number[] = [];
    let now = 0;
    for (let failure = 0; failure < 8; failure++) {
      const at = book.retryAt('c', now, now);
      waits.push(at === undefined ? 0 : (at - now) / 1000);
      now = at ?? now;
      book.next('c', now, now);
    }
    expect(waits).toEqual([0, 10, 20, 40, 80, 160, 300, 300]);
  });

  it('starts over after ten quiet minutes', () => {
    const book = new BackoffBook();
    for (let i = 0; i < 5; i++) book.next('c', 0, 0);
    expect(book.retryAt('c', 600_001, 600_001)).toBeUndefined();
    book.next('c', 600_001, 600_001);
    expect(book.get('c')?.waitMs).toBe(10_000);
  });
});

it.each([
  ['$(A)-$(B)', 'a-$(B)'],
  ['$$(A)', '$(A)'],
  ['$A $(', '$A $('],
  ['x$(A)$(A)', 'xaa'],
])('expands %s to %s', (text, expected) => {
  expect(expand(text, new Map([['A', 'a']]))).toBe(expected);
});

it('names variables that do not resolve', () => {
  expect(unresolved('$(A)/$(B)/$$(C)', new Map([['A', 'a']]))).toEqual(['B']);
});

describe('resolv.conf', () => {
  const node = parseResolvConf('# x\nnameserver 192.0.2.1\nsearch a.example. .\noptions timeout:1\n');
  const cluster = { clusterDNS: ['10.96.0.10'], clusterDomain: 'cluster.local' };

  it('asks the cluster first', () => {
    expect(podDns(pod({ namespace: 'ns' }), cluster, node)).toEqual({
      servers: ['10.96.0.10'],
      searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'a.example'],
      options: ['ndots:5'],
    });
  });

  it('is the node’s with the host’s network, unless the pod says otherwise', () => {
    expect(podDns(pod({ spec: { hostNetwork: true } }), cluster, node).servers).toEqual(['192.0.2.1']);
    const withNet = pod({ spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' } });
    expect(podDns(withNet, cluster, node).servers).toEqual(['10.96.0.10']);
  });

  it('takes what the pod adds, an option in place of its like', () => {
    const dnsConfig = { nameservers: ['192.0.2.9'], searches: ['x'], options: [{ name: 'ndots', value: '2' }] };
    expect(podDns(pod({ spec: { dnsPolicy: 'None', dnsConfig } }), cluster, node)).toEqual({
      servers: ['192.0.2.9'],
      searches: ['x'],
      options: ['ndots:2'],
    });
    expect(podDns(pod({ spec: { dnsConfig } }), cluster, node).options).toEqual(['ndots:2']);
  });
});

it('writes a hosts file with aliases', () => {
  const text = hostsFile(pod({ spec: { hostAliases: [{ ip: '192.0.2.7', hostnames: ['a', 'b'] }] } }), ['10.0.0.1'], {
    hostname: 'h',
    domain: 'sub.ns.svc.cluster.local',
  });
  expect(text.startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n')).toBe(true);
  expect(text).toContain('10.0.0.1\th.sub.ns.svc.cluster.local\th\n');
  expect(text.endsWith('\n# Entries added by HostAliases.\n192.0.2.7\ta\tb\n')).toBe(true);
});

it('tells of services as Docker links did', () => {
  const service = (namespace: string, name: string, clusterIP: string) => ({
    metadata: { namespace, name },
    spec: { clusterIP, ports: [{ name: 'web', port: 80, protocol: 'TCP' }] },
  });
  const services = [
    service('default', 'kubernetes', '10.96.0.1'),
    service('ns', 'my-svc', '10.96.0.2'),
    service('ns', 'headless', 'None'),
    service('other', 'far', '10.96.0.3'),
  ];
  const env = serviceEnv(services, 'ns', true);
  expect(Object.fromEntries(env)).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.96.0.1',
    MY_SVC_SERVICE_HOST: '10.96.0.2',
    MY_SVC_SERVICE_PORT: '80',
    MY_SVC_SERVICE_PORT_WEB: '80',
    MY_SVC_PORT: 'tcp://10.96.0.2:80',
    MY_SVC_PORT_80_TCP_ADDR: '10.96.0.2',
  });
  expect(env.has('FAR_SERVICE_HOST')).toBe(false);
  expect([...serviceEnv(services, 'ns', false).keys()].every((name) => name.startsWith('KUBERNETES'))).toBe(true);
});

describe('resources', () => {
  it('of a pod are those of its containers and sidecars together, and its overhead', () => {
    const of = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
    const containers = [{ name: 'c', resources: of('200m', '64Mi') }];
    const initContainers = [{ name: 's', restartPolicy: 'Always', resources: of('100m', '32Mi') }];
    const limits = (more: object) => {
      const { shares, quota, memoryBytes } = podLimits(pod({ spec: { containers, ...more } }));
      return [shares, quota?.cpuQuota, memoryBytes];
    };
    expect(limits({})).toEqual([204, 20_000, 64 * 2 ** 20]);
    expect(limits({ initContainers })).toEqual([307, 30_000, 96 * 2 ** 20]);
    expect(limits({ overhead: { cpu: '100m', memory: '16Mi' } })).toEqual([307, 30_000, 80 * 2 ** 20]);
  });

  const node = {
    memoryBytes: 1e10,
    milliCpus: 4000,
    minOomScoreAdj: -1000,
    cgroups: 'v1' as const,
    swapAccounting: true,
  };
  const of = (resources: object) => pod({ spec: { containers: [{ name: 'c', image: 'i', resources }] } });

  it.each([
    [{}, 'BestEffort', 1000],
    [{ requests: { memory: '1G' } }, 'Burstable', 900],
    [{ limits: { cpu: '1', memory: '1G' } }, 'Guaranteed', -997],
    [{ limits: { cpu: '1', memory: '1G' }, requests: { cpu: '500m', memory: '1G' } }, 'Burstable', 900],
  ])('%j is %s and ends %d-th', (resources, qos, score) => {
    const one = of(resources);
    expect(qosClass(one)).toBe(qos);
    expect(oomScoreAdj(one, one.spec!.containers[0]!, node.memoryBytes)).toBe(score);
  });

  it('become shares, a quota and a limit', () => {
    const one = of({ requests: { cpu: '250m' }, limits: { cpu: '500m', memory: '64Mi' } });
    expect(containerResources(one, one.spec!.containers[0]!, node)).toMatchObject({
      cpuShares: 256,
      cpuQuota: 50_000,
      cpuPeriod: 100_000,
      memoryLimitInBytes: 67_108_864,
    });
  });
});

it('refuses to run as root against the pod’s will', () => {
  const one = pod({ spec: { securityContext: { runAsNonRoot: true } } });
  const image = { id: 'i', repoTags: [], repoDigests: [], sizeBytes: 1 };
  const container = one.spec!.containers[0]!;
  expect(() => verifyRunAsNonRoot(one, container, { ...image, uid: 1000 })).not.toThrow();
  expect(() => verifyRunAsNonRoot(one, container, { ...image, uid: 0 })).toThrow('image will run as root');
  expect(() => verifyRunAsNonRoot(one, container, { ...image, username: 'www' })).toThrow('non-numeric user (www)');
  const own = { ...container, securityContext: { runAsUser: 0 } };
  expect(() => verifyRunAsNonRoot(one, own, image)).toThrow("container's runAsUser breaks non-root policy");
});

it('finds the credentials of an image’s registry, the closest first', () => {
  const auths = {
    'registry.example': { auth: Buffer.from('a:1').toString('base64') },
    'registry.example/team': { username: 'b', password: '2' },
    'https://index.docker.io/v1/': { auth: Buffer.from('hub:3').toString('base64') },
  };
  const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
  const secrets = [{ type: 'kubernetes.io/dockerconfigjson', data }];
  const users = (image: string) => credentialsFor(image, secrets).map(({ username }) => username);
  expect(users('registry.example/team/x:1')).toEqual(['b', 'a']);
  expect(users('registry.example/other')).toEqual(['a']);
  expect(users('busybox')).toEqual(['hub']);
  expect(users('elsewhere.example/x')).toEqual([]);
});

it('takes the last lines of a CRI log', () => {
  const log =
    '2026-01-01T00:00:00Z stdout F one\n2026-01-01T00:00:00Z stderr P tw\n2026-01-01T00:00:00Z stderr F o\ncut';
  expect(lastLines(log)).toBe('one\ntwo\n');
});

it('prints seconds as Go does', () => {
  expect([10, 20, 80, 300].map(goSeconds)).toEqual(['10s', '20s', '1m20s', '5m0s']);
});

it('changes a probe’s result only at its threshold', () => {
  const probe = { failureThreshold: 2, successThreshold: 1 };
  let state = initialState('liveness');
  const results = (['failure', 'success', 'failure', 'failure'] as const).map((outcome) => {
    state = nextState(state, 'liveness', probe, outcome);
    return `${state.result}${state.done ? ' done' : ''}`;
  });
  expect(results).toEqual(['success', 'success', 'success', 'failure done']);
  expect(initialState('readiness').result).toBe('failure');
  expect(nextState(initialState('startup'), 'startup', probe, 'success')).toMatchObject({
    result: 'success',
    done: true,
  });
});

it('reads mount points, innermost first', () => {
  const table =
    '1 0 8:1 / / rw - ext4 d rw\n2 1 0:1 / /a\\040b rw - tmpfs t rw\n3 2 0:2 / /a\\040b/c rw - tmpfs t rw\n';
  expect(mountPoints(table)).toEqual(['/a b/c', '/a b', '/']);
});

// What `docker pull` says to each: distribution/reference, ParseNormalizedNamed.
it.each([
  ['busybox', undefined],
  ['registry.example:5000/a/b_c__d--e.f:v1.0_x-y', undefined],
  ['Host/name', undefined],
  ['localhost/x', undefined],
  [`a@sha256:${'0'.repeat(64)}`, undefined],
  [`a:tag@sha256:${'0'.repeat(64)}`, undefined],
  ['', 'invalid reference format'],
  ['a:', 'invalid reference format'],
  ['a b', 'invalid reference format'],
  ['a:b:c', 'invalid reference format'],
  ['a/-b', 'invalid reference format'],
  ['a//b', 'invalid reference format'],
  ['a:.x', 'invalid reference format'],
  ['a@sha256:beef', 'invalid reference format'],
  ['bad_host.example/a', 'invalid reference format'],
  ['Busybox', 'invalid reference format: repository name (Busybox) must be lowercase'],
  ['no/Such:1', 'invalid reference format: repository name (no/Such) must be lowercase'],
  ['a'.repeat(64), `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
])('judges the image name "%s"', (name, wrong) => {
  expect(invalidImageName(name)).toBe(wrong);
});
