import { podSecurity } from '../../../functions/apiserver/admission/pod-security/pod-security.ts';
import { type AdmissionRequest, admission, admit } from '../../builders/requests.ts';
import { type SecureCluster, secureCluster } from '../../builders/security.ts';

const LABEL = 'pod-security.kubernetes.io';

/** Everything wrong at once; the words below are a running kube-apiserver's. */
const wild = {
  metadata: { name: 'p', namespace: 'ns' },
  spec: {
    hostNetwork: true,
    hostPID: true,
    securityContext: {
      sysctls: [{ name: 'kernel.x', value: '1' }],
      seLinuxOptions: { type: 'bad', user: 'u' },
    },
    volumes: [
      { name: 'v', hostPath: { path: '/' } },
      { name: 'n', nfs: { server: 'a', path: '/' } },
    ],
    containers: [
      {
        name: 'c',
        image: 'i',
        ports: [{ containerPort: 80, hostPort: 80 }],
        securityContext: {
          privileged: true,
          capabilities: { add: ['NET_ADMIN', 'SYS_TIME'] },
          runAsUser: 0,
          seccompProfile: { type: 'Unconfined' },
          appArmorProfile: { type: 'Unconfined' },
        },
        livenessProbe: { httpGet: { host: '1.2.3.4', port: 80 } },
      },
      { name: 'd', image: 'i', securityContext: { runAsNonRoot: false } },
    ],
  },
};

const tame = {
  metadata: { name: 'p', namespace: 'ns' },
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'c',
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
        },
      },
    ],
    volumes: [{ name: 'v', emptyDir: {} }],
  },
};

const COMMON = 'forbidden AppArmor profile (container "c" must not set AppArmor profile type to "Unconfined"), ';
const NAMESPACES = 'host namespaces (hostNetwork=true, hostPID=true), ';
const PORTS =
  'hostPort (container "c" uses hostPort 80), probe or lifecycle host (container "c" uses probe or lifecycle host "1.2.3.4"), privileged (container "c" must not set securityContext.privileged=true), seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "bad"; user may not be set), ';
const SECCOMP = 'seccompProfile (container "c" must not set securityContext.seccompProfile.type to "Unconfined")';
const BASELINE = `${COMMON}non-default capabilities (container "c" must not include "NET_ADMIN", "SYS_TIME" in securityContext.capabilities.add), ${NAMESPACES}hostPath volumes (volume "v"), ${PORTS}${SECCOMP}, forbidden sysctls (kernel.x)`;
const RESTRICTED = `${COMMON}${NAMESPACES}${PORTS}forbidden sysctls (kernel.x), allowPrivilegeEscalation != false (containers "c", "d" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (containers "c", "d" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "NET_ADMIN", "SYS_TIME" in securityContext.capabilities.add), restricted volume types (volumes "v", "n" use restricted volume types "hostPath", "nfs"), runAsNonRoot != true (container "d" must not set securityContext.runAsNonRoot=false), runAsUser=0 (container "c" must not set runAsUser=0), ${SECCOMP}`;

describe('PodSecurity', () => {
  let cluster: SecureCluster;
  const namespace = (labels: object) => ({
    metadata: {
      name: 'ns',
      labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${LABEL}/${key}`, value])),
    },
  });
  const ask = (request: AdmissionRequest) => admit([podSecurity(cluster.reader)], admission(request));

  async function warningsOf(request: AdmissionRequest) {
    const warnings: string[] = [];
    await ask({ ...request, warn: (message) => warnings.push(message) });
    return warnings;
  }

  beforeEach(async () => {
    cluster = await secureCluster({ bootstrap: false });
  });

  test.each([
    ['baseline', BASELINE],
    ['restricted', RESTRICTED],
  ])('enforces %s in kube-apiserver’s words', async (enforce, faults) => {
    await cluster.put('namespaces', namespace({ enforce }));
    await expect(ask({ object: wild })).rejects.toMatchObject({
      code: 403,
      message: `pods "p" is forbidden: violates PodSecurity "${enforce}:latest": ${faults}`,
    });
    await ask({ object: tame });
  });

  test('lets everything into a namespace that says nothing', async () => {
    await cluster.put('namespaces', namespace({}));
    expect(await warningsOf({ object: wild })).toEqual([]);
  });

  test('judges by the version that is asked for', async () => {
    await cluster.put('namespaces', namespace({ enforce: 'baseline', 'enforce-version': 'v1.30' }));
    const probe = { name: 'c', livenessProbe: { httpGet: { host: '1.2.3.4' } } };
    await ask({ object: { ...tame, spec: { containers: [probe] } } });
    const shared = { ...tame, spec: { containers: [], hostIPC: true } };
    await expect(ask({ object: shared })).rejects.toThrow(
      'violates PodSecurity "baseline:v1.30": host namespaces (hostIPC=true)',
    );
  });

  test('only warns where it is asked to, and of what would make such pods', async () => {
    await cluster.put('namespaces', namespace({ warn: 'baseline' }));
    const text = `would violate PodSecurity "baseline:latest": ${BASELINE}`;
    expect(await warningsOf({ object: wild })).toEqual([text]);
    const deployment = { metadata: { name: 'd', namespace: 'ns' }, spec: { template: { spec: wild.spec } } };
    expect(await warningsOf({ group: 'apps', resource: 'deployments', object: deployment })).toEqual([text]);
  });

  test('relaxes for a user namespace', async () => {
    await cluster.put('namespaces', namespace({ enforce: 'restricted' }));
    const { runAsNonRoot: _, ...securityContext } = tame.spec.securityContext;
    await ask({ object: { ...tame, spec: { ...tame.spec, hostUsers: false, securityContext } } });
  });

  test('looks again only when images change', async () => {
    await cluster.put('namespaces', namespace({ enforce: 'restricted' }));
    const labelled = { ...wild, metadata: { ...wild.metadata, labels: { a: 'b' } } };
    await ask({ operation: 'UPDATE', object: labelled, oldObject: wild });
    const [first, second] = wild.spec.containers;
    const changed = { ...wild, spec: { ...wild.spec, containers: [{ ...first, image: 'j' }, second] } };
    await expect(ask({ operation: 'UPDATE', object: changed, oldObject: wild })).rejects.toThrow('violates');
  });

  test('refuses labels that mean nothing', async () => {
    const object = namespace({ enforce: 'bogus', 'warn-version': 'x' });
    await expect(ask({ resource: 'namespaces', object })).rejects.toMatchObject({
      code: 422,
      details: {
        causes: [
          {
            field: `metadata.labels[${LABEL}/enforce]`,
            message: 'Invalid value: "bogus": must be one of privileged, baseline, restricted',
          },
          {
            field: `metadata.labels[${LABEL}/warn-version]`,
            message: 'Invalid value: "x": must be "latest" or "v1.x"',
          },
        ],
      },
    });
  });

  test('warns of the pods that a new level would no longer let in', async () => {
    await cluster.put('pods', wild);
    await cluster.put('pods', { ...wild, metadata: { ...wild.metadata, name: 'a' } });
    await cluster.put('pods', { ...tame, metadata: { ...tame.metadata, name: 'good' } });
    const object = namespace({ enforce: 'baseline' });
    const request = {
      operation: 'UPDATE' as const,
      resource: 'namespaces',
      name: 'ns',
      object,
      oldObject: namespace({}),
    };
    expect(await warningsOf(request)).toEqual([
      'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 1 other pod): forbidden AppArmor profile, non-default capabilities, host namespaces, hostPath volumes, hostPort, probe or lifecycle host, privileged, seLinuxOptions, seccompProfile, forbidden sysctls',
    ]);
  });
});
