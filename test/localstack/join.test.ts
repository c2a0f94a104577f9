import type { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { FOLLOWS_ANNOTATION, QUEUE_ANNOTATION } from '../../lib/api/annotations.ts';
import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import type { Node, Pod } from '../../lib/api/types.ts';
import { configMaps, nodes, pods, serviceAccounts } from '../../lib/client/resource-type.ts';
import { eventually, guestbookImages } from '../integration/cluster.ts';
import { type Cloud, startCloud } from './ec2/cloud.ts';
import { agentPid, containerPid, loadImages } from './ec2/inside.ts';

const WEB = 'docker.io/local/guestbook-web:1';

/** A pod that runs a script of Node.js. */
function script(name: string, text: string, more: object = {}): Pod {
  const container = { name: 'c', image: WEB, imagePullPolicy: 'Never', command: ['node', '-e', text] };
  return {
    metadata: { namespace: 'default', name, labels: { app: name } },
    spec: {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 1,
      containers: [container],
      ...more,
    } as Pod['spec'],
  };
}

describe('an EC2 instance', () => {
  let cloud: Cloud;
  let node: string;

  beforeAll(async () => {
    cloud = await startCloud({ cluster: 'join', node: process.execPath, leaseDurationSeconds: 8 });
    node = await cloud.launch();
  }, 120_000);
  afterAll(() => cloud?.close(), 60_000);

  const client = () => cloud.plane.client;
  const get = (name: string) => client().get(pods, { namespace: 'default', name });
  const isReady = (pod: Stored<Pod>) =>
    pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  const ready = (name: string) => until(() => get(name), isReady, 60_000);
  const logOf = (name: string) => cloud.plane.text(`/api/v1/namespaces/default/pods/${name}/log`);

  test('joins by itself: named, labelled and addressed as what it is', async () => {
    const joined = await until(
      () =>
        client()
          .get(nodes, { name: node })
          .catch(() => undefined),
      (found) => found?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
      90_000,
    );
    const { metadata, spec, status } = joined!;
    expect(metadata.labels).toMatchObject({
      'kubernetes.io/hostname': node,
      'node.kubernetes.io/instance-type': 't3.small',
      'topology.kubernetes.io/region': 'us-east-1',
    });
    expect(spec).toMatchObject({ podCIDR: '10.0.128.0/28' });
    expect(spec?.providerID).toMatch(new RegExp(`^aws:///us-east-1[a-z]/${node}$`));
    expect(status?.addresses?.map(({ type }) => type)).toEqual(['InternalIP', 'InternalDNS', 'Hostname']);
    expect(status?.capacity?.['pods']).toBe('13');
    loadImages(cloud.ec2, node, guestbookImages());
  }, 120_000);

  test('serves with a certificate of the cluster for its own address', async () => {
    const { status } = await client().get(nodes, { name: node });
    const host = status!.addresses![0]!.address;
    const ca = cloud.plane.authority.certificate;
    const shown = await until(
      () => certificateOf(host, 10250, ca),
      (found) => found !== undefined,
      30_000,
    );
    expect(shown!.subject).toBe(`O=system:nodes\nCN=system:node:${node}`);
    expect(shown!.checkIP(host)).toBe(host);
  }, 60_000);

  test('is given a queue, and hears through it of pods that are bound to it', async () => {
    await until(
      () => client().get(nodes, { name: node }),
      ({ metadata }) => metadata.annotations?.[QUEUE_ANNOTATION] !== undefined,
      30_000,
    );
    await until(() => client().get(serviceAccounts, { namespace: 'default', name: 'default' }), Boolean, 10_000);
    await client().create(
      pods,
      script('web', `require('node:http').createServer((_, r) => r.end('hello')).listen(8080)`),
    );
    const { spec, status } = await ready('web');
    expect(spec?.nodeName).toBe(node);
    expect(status?.podIP).toMatch(/^10\.0\.128\.\d+$/);
    await until(
      () => answerOf(status!.podIP!),
      (text) => text === 'hello',
      30_000,
    );
  }, 120_000);

  test('answers its pods at the kubernetes Service, with their own rights and watches that stay open', async () => {
    const text = `
      const { readFileSync } = require('node:fs');
      const folder = '/var/run/secrets/kubernetes.io/serviceaccount/';
      const headers = { authorization: 'Bearer ' + readFileSync(folder + 'token', 'utf8') };
      const ask = (path, take) => require('node:https').get('https://kubernetes.default.svc' + path, { headers, ca: readFileSync(folder + 'ca.crt') }, take).on('error', (e) => console.log('failed', e.message));
      ask('/version', (r) => { r.resume(); console.log('version', r.statusCode); });
      ask('/api/v1/namespaces/default/secrets', (r) => { r.resume(); console.log('secrets', r.statusCode); });
      ask('/api/v1/namespaces/default/configmaps?watch=true', (r) => r.on('data', (d) => { for (const l of String(d).split('\\n').filter(Boolean)) { const e = JSON.parse(l); console.log(e.type, e.object.metadata.name); } }));
      setInterval(() => 0, 1000);`;
    await allow('configmaps');
    await client().create(pods, script('inside', text));
    await ready('inside');
    await until(
      () => logOf('inside'),
      (log) => log.includes('ADDED kube-root-ca.crt'),
      30_000,
    );
    await client().create(configMaps, { metadata: { namespace: 'default', name: 'later' } });
    const log = await until(
      () => logOf('inside'),
      (said) => said.includes('ADDED later'),
      60_000,
    );
    expect(log).toContain('version 200');
    expect(log).toContain('secrets 403');
    const follows = ({ metadata }: Stored<Node>) => metadata.annotations?.[FOLLOWS_ANNOTATION]?.split(',');
    const read = () => client().get(nodes, { name: node });
    await until(read, (found) => follows(found)?.includes('configmaps'), 30_000);
  }, 120_000);

  test('keeps instance metadata from its pods, but for those of the host’s network', async () => {
    const text = `fetch('http://169.254.169.254/latest/api/token', { method: 'PUT', signal: AbortSignal.timeout(3000) })
      .then((r) => console.log('answered', r.status), (e) => console.log('refused', e.name)).then(() => setInterval(() => 0, 1000))`;
    await client().create(pods, script('curious', text));
    await client().create(pods, script('host', text, { hostNetwork: true }));
    const said = (name: string) =>
      until(
        () => logOf(name).catch(() => ''),
        (log) => log !== '',
        60_000,
      );
    expect(await said('curious')).toBe('refused TimeoutError\n');
    expect(await said('host')).toBe('answered 200\n');
  }, 120_000);

  test('starts a container again that was killed, and another agent finds what the one before left running', async () => {
    const before = await get('web');
    const started = before.status!.containerStatuses![0]!;
    process.kill(agentPid(node), 'SIGKILL');
    await client().delete(pods, { namespace: 'default', name: 'curious' }, { gracePeriodSeconds: 0 });
    await client().create(pods, script('after', 'setInterval(() => 0, 1000)'));
    await ready('after');
    const now = (await get('web')).status!.containerStatuses![0]!;
    expect([now.containerID, now.restartCount]).toEqual([started.containerID, 0]);
    process.kill(processOf(started.containerID!), 'SIGKILL');
    const again = await until(
      () => get('web'),
      (pod) => pod.status?.containerStatuses?.[0]?.restartCount === 1 && isReady(pod) === true,
      60_000,
    );
    expect(again.status!.containerStatuses![0]!.containerID).not.toBe(started.containerID);
  }, 150_000);

  test('lets its pods run while the control plane refuses everything, and tells what happened when it is back', async () => {
    const { status } = await get('web');
    let refused = 0;
    cloud.plane.refuse = () => {
      refused++;
      return refused % 2 === 0 ? 429 : 503;
    };
    const { containerID } = status!.containerStatuses![0]!;
    process.kill(processOf(containerID!), 'SIGKILL');
    await until(
      () => answerOf(status!.podIP!),
      (text) => text === 'hello',
      60_000,
    );
    expect((await get('web')).status!.containerStatuses![0]!.containerID).toBe(containerID);
    cloud.plane.refuse = undefined;
    await until(
      () => get('web'),
      (pod) => pod.status!.containerStatuses![0]!.restartCount === 2,
      60_000,
    );
    expect(refused).toBeGreaterThan(0);
  }, 150_000);

  test('goes with its queue when it is terminated', async () => {
    await cloud.terminate(node);
    const gone = () =>
      client()
        .get(nodes, { name: node })
        .then(
          () => false,
          (error: unknown) => isReason(error, 'NotFound'),
        );
    await until(gone, Boolean, 150_000);
    expect(cloud.ec2.running()).toEqual([]);
  }, 180_000);

  /** The default account of pods may read and watch these. */
  async function allow(resource: string): Promise<void> {
    const group = 'rbac.authorization.k8s.io';
    const post = (type: string, kind: string, body: object) =>
      client().create({ group, version: 'v1', resource: type, kind, namespaced: true } as never, {
        metadata: { namespace: 'default', name: 'reader' },
        ...body,
      });
    await post('roles', 'Role', {
      rules: [{ apiGroups: [''], resources: [resource], verbs: ['get', 'list', 'watch'] }],
    });
    const subjects = [{ kind: 'ServiceAccount', namespace: 'default', name: 'default' }];
    await post('rolebindings', 'RoleBinding', { roleRef: { apiGroup: group, kind: 'Role', name: 'reader' }, subjects });
  }

  function processOf(containerID: string): number {
    return containerPid(cloud.ec2, node, containerID);
  }
});

/** '' while nobody answers. */
function answerOf(address: string): Promise<string> {
  return fetch(`http://${address}:8080`, { headers: { connection: 'close' } }).then(
    (answer) => answer.text(),
    () => '',
  );
}

/** What is read, once it is so. */
async function until<T>(read: () => Promise<T>, holds: (value: T) => boolean | undefined, limitMs: number): Promise<T> {
  const { value } = await eventually(async () => {
    const value = await read();
    return holds(value) && { value };
  }, limitMs);
  return value;
}

/** What a server shows, if the authority signed it. */
function certificateOf(host: string, port: number, ca: string): Promise<X509Certificate | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, ca }, () => {
      resolve(socket.authorized ? socket.getPeerX509Certificate() : undefined);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
  });
}
