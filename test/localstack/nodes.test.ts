import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { DescribeSubnetsCommand, EC2Client, RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { awsEnvironmentOf } from '../../localstack/deploy.ts';
import { guestbookImages } from '../integration/cluster.ts';
import { deployed, eventually, Kubectl, sdkOptions } from './deployed.ts';
import { type PlayedEc2, playEc2 } from './ec2/ec2.ts';
import { agentPid, containerPid, loadImages } from './ec2/inside.ts';

/** A machine that runs everything at once is slow. */
jest.setTimeout(300_000);

const cluster = deployed();
const ec2 = new EC2Client(sdkOptions(cluster));
const sqs = new SQSClient(sdkOptions(cluster));
const ARCHITECTURE = process.arch === 'arm64' ? 'arm64' : 'x86-64';
const GATEWAY = `https://localhost:${cluster.port}`;
const LONG_MS = 200_000;

let kubectl: Kubectl;
let played: PlayedEc2;
let node: string;

beforeAll(async () => {
  kubectl = await Kubectl.of(cluster);
  played = await playEc2({
    port: cluster.port,
    vpcCIDR: '10.0.0.0/16',
    node: process.execPath,
    // The gateway's name means this machine, and a node that counts as dead after minutes is not waited for.
    rewrite: (text, router) =>
      text
        .replaceAll(GATEWAY, `http://${router}:${cluster.port}`)
        .replace(/"leaseDurationSeconds": \d+/, '"leaseDurationSeconds": 8'),
  });
  node = await launch();
});
afterAll(async () => {
  kubectl?.close();
  await played?.close();
});

/** As a user would. */
async function launch(): Promise<string> {
  const { Subnets } = await ec2.send(
    new DescribeSubnetsCommand({ Filters: [{ Name: 'cidr-block', Values: ['10.0.0.0/20'] }] }),
  );
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      LaunchTemplate: { LaunchTemplateName: `${cluster.name}-${ARCHITECTURE}`, Version: '$Latest' },
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: Subnets![0]!.SubnetId, Ipv4PrefixCount: 1 }],
    }),
  );
  return Instances![0]!.InstanceId!;
}

/** Those of the rollout before may still be on their way out. */
async function podsOf(selector: string): Promise<any[]> {
  const { items } = await kubectl.json('get', 'pods', '--selector', selector);
  return items.filter(({ metadata }: any) => !metadata.deletionTimestamp);
}

const page = async () => {
  const { items } = await kubectl.json('get', 'nodes');
  const { address } = items[0].status.addresses.find(({ type }: any) => type === 'InternalIP');
  return `http://${address}:30080`;
};
const fetchPage = async (path = '') => fetch(`${await page()}${path}`, { headers: { connection: 'close' } });

test('an instance of the launch template joins by itself', async () => {
  await eventually(async () => {
    const { status, metadata } = await kubectl.json('get', 'node', node);
    const ready = status.conditions.find(({ type }: any) => type === 'Ready');
    expect([ready.status, metadata.labels['node.kubernetes.io/instance-type']]).toEqual(['True', 't3.small']);
  }, LONG_MS).catch((error) => {
    throw new Error(`${error.message}\n${played.log(node).slice(-3000)}`);
  });
  loadImages(played, node, guestbookImages());
});

describe('the guestbook, as on the local cluster', () => {
  beforeAll(async () => {
    await kubectl.run('apply', '-f', 'examples/guestbook/');
    await kubectl.run('rollout', 'status', 'deployment/redis', '--timeout=250s');
    await kubectl.run('rollout', 'status', 'deployment/guestbook', '--timeout=250s');
  });

  test('answers at its NodePort and keeps entries in its database', async () => {
    await eventually(async () => expect((await fetchPage()).status).toBe(200));
    expect((await (await fetchPage('/entries')).text()).length).toBeGreaterThanOrEqual(0);
    const posted = await fetch(`${await page()}/entries`, { method: 'POST', body: 'hello' });
    expect(posted.status).toBe(201);
    expect(await (await fetchPage()).text()).toContain('<li>hello</li>');
  });

  test('pods are containers of the node, with addresses of its prefix', async () => {
    const pods = await podsOf('app=guestbook');
    expect(pods.map(({ spec }) => spec.nodeName)).toEqual([node, node, node]);
    for (const { status } of pods) {
      expect(status.podIP).toMatch(/^10\.0\.128\./);
      expect(containerPid(played, node, status.containerStatuses[0].containerID)).toBeGreaterThan(1);
    }
  });

  test('rolls out and back', async () => {
    const version = async () => (await (await fetchPage()).text()).match(/version[^0-9]*(\d)/i)?.[1];
    await kubectl.run('set', 'image', 'deployment/guestbook', 'web=docker.io/local/guestbook-web:2');
    await kubectl.run('rollout', 'status', 'deployment/guestbook', '--timeout=250s');
    await eventually(async () => expect(await version()).toBe('2'));
    await kubectl.run('rollout', 'undo', 'deployment/guestbook');
    await kubectl.run('rollout', 'status', 'deployment/guestbook', '--timeout=250s');
    await eventually(async () => expect(await version()).toBe('1'));
  });

  test('heals after a killed container and a killed agent', async () => {
    const [pod] = await podsOf('app=guestbook');
    const name = pod.metadata.name;
    process.kill(agentPid(node), 'SIGKILL');
    process.kill(containerPid(played, node, pod.status.containerStatuses[0].containerID), 'SIGKILL');
    await eventually(async () => {
      const { status } = await kubectl.json('get', 'pod', name);
      expect([status.containerStatuses[0].restartCount, status.containerStatuses[0].ready]).toEqual([1, true]);
    }, LONG_MS);
    expect((await fetchPage()).status).toBe(200);
  });
});

describe('what leads to nodes', () => {
  test('logs come through the function in the VPC', async () => {
    const [pod] = await podsOf('app=guestbook');
    const log = await kubectl.run('logs', pod.metadata.name);
    expect(log.length).toBeGreaterThan(0);
  });

  test('exec goes through the tunnel', async () => {
    const [pod] = await podsOf('app=guestbook');
    const tunnel = await startTunnel();
    try {
      const said = await kubectl.run(...tunnel.arguments, 'exec', pod.metadata.name, '--', 'node', '-p', '40 + 2');
      expect(said).toBe('42\n');
    } finally {
      await tunnel.stop();
    }
  });
});

test('a pod reaches the API at the kubernetes Service with its own ServiceAccount', async () => {
  const script = `
    const { readFileSync } = require('node:fs');
    const folder = '/var/run/secrets/kubernetes.io/serviceaccount/';
    const headers = { authorization: 'Bearer ' + readFileSync(folder + 'token', 'utf8') };
    const options = { headers, ca: readFileSync(folder + 'ca.crt') };
    const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
    const request = require('node:https').request('https://kubernetes.default.svc/apis/authentication.k8s.io/v1/selfsubjectreviews', { ...options, method: 'POST', headers: { ...headers, 'content-type': 'application/json' } }, (answer) => { let text = ''; answer.on('data', (d) => text += d); answer.on('end', () => console.log(JSON.parse(text).status.userInfo.username)); });
    request.on('error', (error) => console.log(error.message));
    request.end(body);
    setInterval(() => 0, 1000);`;
  const container = { name: 'c', image: 'docker.io/local/guestbook-web:1', command: ['node', '-e', script] };
  await kubectl.apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'inside' },
    spec: { containers: [container] },
  });
  await eventually(
    async () => expect(await kubectl.run('logs', 'inside')).toBe('system:serviceaccount:default:default\n'),
    LONG_MS,
  );
  await kubectl.run('delete', 'pod', 'inside', '--grace-period=1');
});

test('a node whose instance is terminated goes, and its queue with it', async () => {
  await ec2.send(new TerminateInstancesCommand({ InstanceIds: [node] }));
  await eventually(async () => expect((await kubectl.json('get', 'nodes')).items).toEqual([]), 170_000);
  const queue = new GetQueueUrlCommand({ QueueName: `${cluster.name}-node-${node}` });
  await eventually(async () => expect(sqs.send(queue)).rejects.toThrow());
});

/** kubectl through `zeroplane tunnel`, in a kubeconfig of its own. */
async function startTunnel() {
  const kubeconfig = join(kubectl.folder, 'tunnel');
  const env = { ...process.env, ...awsEnvironmentOf(cluster.port), KUBECONFIG: kubeconfig };
  const program = join(process.cwd(), 'dist/zeroplane.js');
  const child: ChildProcess = spawn(process.execPath, [program, 'tunnel', '--aws', cluster.name], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  return {
    arguments: ['--kubeconfig', kubeconfig],
    async stop() {
      child.kill('SIGINT');
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}
