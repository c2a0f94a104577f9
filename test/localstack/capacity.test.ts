import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeInstancesCommand, EC2Client, type Instance } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { guestbookImages } from '../integration/cluster.ts';
import { deployed, eventually, Kubectl, sdkOptions } from './deployed.ts';
import { type PlayedEc2, playEc2 } from './ec2/ec2.ts';
import { containerPid, tryLoadImages } from './ec2/inside.ts';
import { allowMachines } from './machines.ts';

/** A machine that runs everything at once is slow. */
jest.setTimeout(300_000);

const cluster = deployed();
const ec2 = new EC2Client(sdkOptions(cluster));
const lambda = new LambdaClient(sdkOptions(cluster));
const GATEWAY = `https://localhost:${cluster.port}`;
const LONG_MS = 200_000;
const POLL_MS = 200;
const [IMAGE] = guestbookImages();

let kubectl: Kubectl;
let played: PlayedEc2;
let stopImages: () => Promise<void>;

beforeAll(async () => {
  kubectl = await Kubectl.of(cluster);
  played = await playEc2({
    port: cluster.port,
    vpcCIDR: '10.0.0.0/16',
    node: process.execPath,
    rewrite: (text, router) => text.replaceAll(GATEWAY, `http://${router}:${cluster.port}`),
  });
  stopImages = bringImages();
  await allowMachines(cluster, true);
  if (process.arch === 'arm64') await patchPool({ template: { spec: { requirements: requirements('arm64') } } });
});
afterAll(async () => {
  await allowMachines(cluster, false);
  await patchPool({ disruption: { consolidateAfter: '60s' } });
  await kubectl?.run('delete', 'deployment', 'web', '--ignore-not-found');
  await kubectl?.run('delete', 'nodeclaims', '--all', '--timeout=60s');
  await stopImages?.();
  kubectl?.close();
  await played?.close();
});

/** No instance can pull anything: each gets the image as soon as its containerd answers. */
function bringImages() {
  const have = new Set<string>();
  let stopped = false;
  const bringing = (async () => {
    while (!stopped) {
      for (const id of played.running().filter((one) => !have.has(one)))
        if (await tryLoadImages(played, id, [IMAGE!])) have.add(id);
      await sleep(POLL_MS);
    }
  })();
  return async () => {
    stopped = true;
    await bringing;
  };
}

const requirements = (architecture: string) => [
  { key: 'kubernetes.io/arch', operator: 'In', values: [architecture] },
  { key: 'zeroplane.dev/capacity-type', operator: 'In', values: ['on-demand'] },
];

async function patchPool(spec: object): Promise<void> {
  await kubectl.run('patch', 'nodepool', 'default', '--type=merge', '--patch', JSON.stringify({ spec }));
}

const items = async (...what: string[]): Promise<any[]> => (await kubectl.json('get', ...what)).items;

/** Instances that were launched for a claim and have not ended. */
async function instances(): Promise<Instance[]> {
  const Filters = [
    { Name: 'tag-key', Values: ['zeroplane.dev/nodeclaim'] },
    { Name: 'instance-state-name', Values: ['pending', 'running'] },
  ];
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ Filters }));
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

const tagsOf = ({ Tags = [] }: Instance) => Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));

/** The node that all pods run on: as containers. */
async function nodeOfPods(count: number): Promise<string> {
  const pods = await items('pods', '--selector', 'app=web');
  expect(pods.map(({ status }) => status.phase)).toEqual(Array(count).fill('Running'));
  const [node] = pods.map(({ spec }) => spec.nodeName);
  for (const { spec, status } of pods) {
    expect(spec.nodeName).toBe(node);
    expect(containerPid(played, node, status.containerStatuses[0].containerID)).toBeGreaterThan(1);
  }
  return node;
}

function withLogs(error: Error): never {
  const logs = played.running().map((id) => `${id}: ${played.log(id).slice(-2000)}`);
  throw new Error(`${error.message}\n${logs.join('\n')}`);
}

const web = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [
          {
            name: 'c',
            image: 'docker.io/local/guestbook-redis:1',
            command: ['sleep', '3600'],
            resources: { requests: { cpu: '200m', memory: '100Mi' } },
          },
        ],
      },
    },
  },
};

let first: string;

test('a new cluster has a pool of machines', async () => {
  expect(await kubectl.run('get', 'nodepools', '-o', 'name')).toBe('nodepool.zeroplane.dev/default\n');
});

test('pods that fit nowhere get an instance, which joins dressed as its claim says, and run there', async () => {
  await kubectl.apply(web);
  first = await eventually(() => nodeOfPods(2), LONG_MS).catch(withLogs);
  const [claim, ...others] = await items('nodeclaims');
  expect(others).toEqual([]);
  expect(claim.status).toMatchObject({ instanceID: first, nodeName: first });
  const [instance, ...more] = await instances();
  expect(more).toEqual([]);
  expect([instance!.InstanceId, instance!.InstanceType]).toEqual([first, claim.spec.instanceType]);
  expect(tagsOf(instance!)).toMatchObject({
    'zeroplane.dev/cluster': cluster.name,
    'zeroplane.dev/nodeclaim': claim.metadata.name,
    'zeroplane.dev/nodepool': 'default',
  });
  const { metadata, spec } = await kubectl.json('get', 'node', first);
  expect(metadata.labels).toMatchObject({ ...claim.spec.labels, 'zeroplane.dev/nodepool': 'default' });
  expect(spec.taints).toBeUndefined();
});

test('an instance that EC2 takes back is drained, and its pods run on another', async () => {
  const notice = {
    version: '0',
    source: 'aws.ec2',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    detail: { 'instance-id': first, 'instance-action': 'terminate' },
  };
  const Payload = JSON.stringify(notice);
  const answer = await lambda.send(new InvokeCommand({ FunctionName: `${cluster.name}-controllers`, Payload }));
  expect(answer.FunctionError).toBeUndefined();
  const second = await eventually(async () => {
    const node = await nodeOfPods(2);
    expect(node).not.toBe(first);
    return node;
  }, LONG_MS).catch(withLogs);
  await eventually(async () => expect((await instances()).map(({ InstanceId }) => InstanceId)).toEqual([second]));
  await eventually(async () => expect((await items('nodes')).map(({ metadata }) => metadata.name)).toEqual([second]));
});

test('an instance that nobody needs ends when its pool says so, and nothing is left of it', async () => {
  await kubectl.run('scale', 'deployment', 'web', '--replicas=0');
  await eventually(async () => {
    const [claims, pods] = [await items('nodeclaims'), await items('pods')];
    expect({ pods, claims }).toMatchObject({ pods: [], claims: [{ status: { emptySince: expect.any(String) } }] });
  });
  await patchPool({ disruption: { consolidateAfter: '1s' } });
  await eventually(async () => expect(await instances()).toEqual([]), LONG_MS);
  await eventually(async () => expect([...(await items('nodes')), ...(await items('nodeclaims'))]).toEqual([]));
  await eventually(async () => expect(played.running()).toEqual([]));
});
