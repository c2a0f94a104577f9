import { refusals } from '../../../functions/capacity/fargate/refusals.ts';
import type { Container, PodSpec } from '../../../lib/api/types.ts';
import { pod } from '../../builders/objects.ts';

const MAIN: Container = { name: 'c', image: 'i' };
const ofSpec = (spec: Partial<PodSpec>) => refusals(pod({ spec }));
const ofContainer = (more: Partial<Container>, spec: Partial<PodSpec> = {}) =>
  ofSpec({ containers: [{ ...MAIN, ...more }], ...spec });

const exec = (command: string) => ({ exec: { command: [command] } });
const profile = { type: 'Localhost', localhostProfile: 'p' };

describe('a pod that no task can be', () => {
  test.each<[string, Partial<PodSpec>, RegExp]>([
    ['windows', { os: { name: 'windows' } }, /^os\.name/],
    ['hostNetwork', { hostNetwork: true }, /^hostNetwork/],
    ['hostPID', { hostPID: true }, /^hostPID/],
    ['hostIPC', { hostIPC: true }, /^hostIPC/],
    ['hostUsers', { hostUsers: false }, /^hostUsers/],
    ['hostAliases', { hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }] }, /^hostAliases/],
    ['hostname', { hostname: 'h' }, /^hostname/],
    ['subdomain', { subdomain: 's' }, /^hostname, subdomain/],
    ['hostnameOverride', { hostnameOverride: 'h' }, /^hostnameOverride/],
    ['setHostnameAsFQDN', { setHostnameAsFQDN: true }, /^setHostnameAsFQDN/],
    ['dnsConfig', { dnsConfig: { nameservers: ['10.0.0.1'] } }, /^dnsConfig/],
    ['dnsPolicy=None', { dnsPolicy: 'None' }, /^dnsConfig/],
    ['runtimeClassName', { runtimeClassName: 'gvisor' }, /^runtimeClassName/],
    ['imagePullSecrets', { imagePullSecrets: [{ name: 's' }] }, /^imagePullSecrets/],
    ['resourceClaims', { resourceClaims: [{ name: 'r' }] }, /^resourceClaims/],
    ['fsGroup', { securityContext: { fsGroup: 1 } }, /fsGroup/],
    ['supplementalGroups', { securityContext: { supplementalGroups: [1] } }, /supplementalGroups/],
    ['sysctls', { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] } }, /sysctls/],
    ['hostPath', { volumes: [{ name: 'v', hostPath: { path: '/' } }] }, /^volume v: hostPath/],
    ['configMap', { volumes: [{ name: 'v', configMap: { name: 'm' } }] }, /^volume v: configMap/],
    [
      'a claim',
      { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] },
      /^volume v: persistentVolumeClaim/,
    ],
    ['emptyDir in memory', { volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] }, /emptyDir\.medium=Memory/],
    ['two that end apart', { containers: [MAIN, { ...MAIN, name: 'd' }], restartPolicy: 'Never' }, /^restartPolicy/],
    [
      'too large',
      { containers: [{ ...MAIN, resources: { requests: { cpu: '17' } } }] },
      /^resources: a task has at most/,
    ],
  ])('%s', (_, spec, cause) => {
    expect(ofSpec(spec)).toEqual([expect.stringMatching(cause)]);
  });

  test.each<[string, Partial<Container>, RegExp]>([
    ['privileged', { securityContext: { privileged: true } }, /privileged/],
    ['procMount', { securityContext: { procMount: 'Unmasked' } }, /procMount/],
    ['seccompProfile', { securityContext: { seccompProfile: profile } }, /seccompProfile/],
    ['appArmorProfile', { securityContext: { appArmorProfile: profile } }, /appArmorProfile/],
    ['runAsNonRoot alone', { securityContext: { runAsNonRoot: true } }, /runAsNonRoot/],
    ['runAsNonRoot as root', { securityContext: { runAsNonRoot: true, runAsUser: 0 } }, /runAsNonRoot/],
    ['capabilities', { securityContext: { capabilities: { add: ['NET_ADMIN', 'SYS_PTRACE'] } } }, /NET_ADMIN: only/],
    ['imagePullPolicy', { imagePullPolicy: 'Never' }, /imagePullPolicy/],
    ['preStop', { lifecycle: { preStop: exec('x') } }, /lifecycle/],
    ['postStart', { lifecycle: { postStart: exec('x') } }, /lifecycle/],
    ['volumeDevices', { volumeDevices: [{ name: 'v', devicePath: '/d' }] }, /volumeDevices/],
    ['subPath', { volumeMounts: [{ name: 'v', mountPath: '/m', subPath: 's' }] }, /subPath/],
    [
      'mountPropagation',
      { volumeMounts: [{ name: 'v', mountPath: '/m', mountPropagation: 'Bidirectional' }] },
      /mountPropagation/,
    ],
    ['hostPort', { ports: [{ containerPort: 80, hostPort: 80 }] }, /hostPort/],
    ['SCTP', { ports: [{ containerPort: 80, protocol: 'SCTP' }] }, /SCTP/],
    [
      'the pod’s address',
      { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }] },
      /addresses/,
    ],
    ['an HTTP probe', { livenessProbe: { httpGet: { port: 80 } } }, /probes: only exec/],
    ['two commands of probes', { livenessProbe: exec('a'), readinessProbe: exec('b') }, /one command/],
    ['a GPU', { resources: { limits: { 'nvidia.com/gpu': '1' } } }, /resource nvidia\.com\/gpu/],
    ['huge pages', { resources: { limits: { 'hugepages-2Mi': '2Mi' } } }, /resource hugepages-2Mi/],
  ])('%s', (_, container, cause) => {
    expect(ofContainer(container)).toEqual([expect.stringMatching(new RegExp(`^container c: .*${cause.source}`))]);
  });

  test('a DaemonSet’s', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'd', uid: 'u', controller: true };
    expect(refusals(pod({ metadata: { ownerReferences: [owner] } }))).toEqual([expect.stringMatching(/^DaemonSets/)]);
  });

  test('every cause is named', () => {
    const causes = ofContainer({ securityContext: { privileged: true } }, { hostNetwork: true, hostPID: true });
    expect(causes).toHaveLength(3);
  });
});

describe('a pod that a task can be', () => {
  test.each<[string, Partial<PodSpec>]>([
    ['the simplest', {}],
    ['with the token that every pod gets', { volumes: [{ name: 'kube-api-access-x', projected: { sources: [] } }] }],
    ['with an empty folder', { volumes: [{ name: 'v', emptyDir: {} }] }],
    ['of two containers that always restart', { containers: [MAIN, { ...MAIN, name: 'd' }] }],
    [
      'of one that ends beside a sidecar',
      { initContainers: [{ ...MAIN, name: 's', restartPolicy: 'Always' }], restartPolicy: 'Never' },
    ],
    [
      'as Pod Security’s restricted asks',
      {
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          { ...MAIN, securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
        ],
      },
    ],
    [
      'with exec probes of one command',
      { containers: [{ ...MAIN, livenessProbe: exec('a'), readinessProbe: exec('a') }] },
    ],
    [
      'with a setting of the network',
      { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } },
    ],
  ])('%s', (_, spec) => {
    expect(ofSpec(spec)).toEqual([]);
  });
});
