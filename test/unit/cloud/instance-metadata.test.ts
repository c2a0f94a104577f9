import { instanceMetadata } from '../../../lib/cloud/aws/instance-metadata.ts';
import { nodeFacts } from '../../../lib/cloud/aws/node-facts.ts';
import { systemClock } from '../../../lib/runtime/clock.ts';
import {
  type InstanceMetadataServer,
  type InstanceRecord,
  serveInstanceMetadata,
} from '../../fakes/instance-metadata.ts';

const instance: InstanceRecord = {
  instanceId: 'i-0123456789abcdef0',
  instanceType: 't4g.small',
  architecture: 'arm64',
  region: 'eu-central-1',
  zone: 'eu-central-1b',
  privateIp: '10.0.1.7',
  privateDnsName: 'ip-10-0-1-7.eu-central-1.compute.internal',
  mac: '0a:ff:00:00:00:01',
  prefixes: ['10.0.1.16/28', '10.0.1.64/28'],
  vpcCIDRs: ['10.0.0.0/16'],
  lifecycle: 'spot',
  userData: '#!/bin/bash',
  role: 'worker',
  credentials: async () => ({
    AccessKeyId: 'ASIA',
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: '2026-01-01T06:00:00Z',
  }),
};

let present: InstanceRecord = instance;
let server: InstanceMetadataServer;
beforeAll(async () => {
  server = await serveInstanceMetadata('127.0.0.1', () => present);
});
afterAll(() => server.close());
beforeEach(() => {
  present = instance;
});

function open() {
  return instanceMetadata({ endpoint: `http://127.0.0.1:${server.port}`, fetch, clock: systemClock });
}

test('an instance says who and where it is, and what is delegated to it', async () => {
  expect(await open().identity()).toEqual({
    instanceId: 'i-0123456789abcdef0',
    instanceType: 't4g.small',
    architecture: 'arm64',
    region: 'eu-central-1',
    zone: 'eu-central-1b',
    privateIp: '10.0.1.7',
    privateDnsName: 'ip-10-0-1-7.eu-central-1.compute.internal',
    prefixes: ['10.0.1.16/28', '10.0.1.64/28'],
    vpcCIDRs: ['10.0.0.0/16'],
    lifecycle: 'spot',
  });
});

test('the role’s credentials come with their end', async () => {
  expect(await open().credentials()).toEqual({
    accessKeyId: 'ASIA',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    expiration: new Date('2026-01-01T06:00:00Z'),
  });
});

test('one session serves all questions, and is begun anew when it has ended', async () => {
  const metadata = open();
  server.endSessions();
  await metadata.identity();
  await metadata.credentials();
  expect(server.sessions.size).toBe(1);
  server.endSessions();
  expect(await metadata.get('instance-id')).toBe('i-0123456789abcdef0');
});

test('what there is not is absent, not an error', async () => {
  expect(await open().get('spot/instance-action')).toBeUndefined();
});

test('the node is named, labelled and addressed as cloud-provider-aws does', async () => {
  expect(nodeFacts(await open().identity())).toMatchObject({
    nodeName: 'i-0123456789abcdef0',
    providerID: 'aws:///eu-central-1b/i-0123456789abcdef0',
    podCIDRs: ['10.0.1.16/28', '10.0.1.64/28'],
    labels: {
      'kubernetes.io/arch': 'arm64',
      'node.kubernetes.io/instance-type': 't4g.small',
      'topology.kubernetes.io/region': 'eu-central-1',
      'topology.kubernetes.io/zone': 'eu-central-1b',
      'zeroplane.dev/capacity-type': 'spot',
    },
    addresses: [
      { type: 'InternalIP', address: '10.0.1.7' },
      { type: 'InternalDNS', address: 'ip-10-0-1-7.eu-central-1.compute.internal' },
      { type: 'Hostname', address: 'i-0123456789abcdef0' },
    ],
  });
});

test('without a delegated prefix there is no node: its pods would have no addresses', async () => {
  present = { ...instance, prefixes: [] };
  const identity = await open().identity();
  expect(() => nodeFacts(identity)).toThrow('no prefix is delegated to the network interface of i-0123456789abcdef0');
});
