import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EC2Client } from '@aws-sdk/client-ec2';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { composeApiserver } from '../../../functions/apiserver/compose.ts';
import type { Apiserver } from '../../../functions/apiserver/contract.ts';
import { networkBackend } from '../../../functions/apiserver/http/backend.ts';
import { createNodeInitialization } from '../../../functions/capacity/node-initialization.ts';
import { createControllers } from '../../../functions/controllers/index.ts';
import { createScheduler } from '../../../functions/scheduler/scheduler.ts';
import { QUEUE_ANNOTATION } from '../../../lib/api/annotations.ts';
import { createCaches } from '../../../lib/client/cache.ts';
import type { Client } from '../../../lib/client/client.ts';
import { createClient } from '../../../lib/client/create-client.ts';
import { runControllers } from '../../../lib/client/driver.ts';
import { type InProcessUser, inProcess, serviceAccountUser } from '../../../lib/client/in-process.ts';
import { encodeNotice } from '../../../lib/client/notices.ts';
import {
  configMaps,
  endpointSlices,
  nodes,
  pods,
  type ResourceType,
  secrets,
  services,
} from '../../../lib/client/resource-type.ts';
import { awsCloudNodes } from '../../../lib/cloud/aws/cloud-nodes.ts';
import { API_ENDPOINT, ISSUER } from '../../../lib/cloud/aws/environment.ts';
import { awsInstances } from '../../../lib/cloud/aws/instances.ts';
import { nodeQueues } from '../../../lib/cloud/aws/node-queue.ts';
import type { KeyPair } from '../../../lib/pki/certificate.ts';
import { issueAuthority, issueCertificate } from '../../../lib/pki/issue.ts';
import { systemClock as clock } from '../../../lib/runtime/clock.ts';
import { bytesOf, chunksOf, lightRequest } from '../../../lib/runtime/light-response.ts';
import type { Log } from '../../../lib/runtime/log.ts';
import { systemRandom as random } from '../../../lib/runtime/random.ts';
import { openMemoryStore } from '../../../lib/storage/embedded/open.ts';
import { SIGNING_KEY } from '../../builders/security.ts';

export interface LocalControlPlaneOptions {
  /** LocalStack's port. */
  port: number;
  cluster: string;
  nodeRole: string;
  log: Log;
}

export interface LocalControlPlane {
  authority: KeyPair;
  /** An administrator. */
  client: Client;
  apiserver: Apiserver;
  /** What an administrator reads at a path. */
  text(path: string): Promise<string>;
  /** Serves as API Gateway does: plain requests, one answer each. Resolves with the port. */
  listen(host: string): Promise<number>;
  /** What the gateway answers instead of the apiserver; undefined: it passes on. */
  refuse: ((request: IncomingMessage) => number | undefined) | undefined;
  stop(): Promise<void>;
}

const SERVICE_CIDR = '10.96.0.0/16';
const ADMIN: InProcessUser = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };
const REGION = 'us-east-1';

/** The control plane in the shape that it has on AWS, in this process: identities by IAM, nodes told by queues, no watch held open. */
export async function localControlPlane(options: LocalControlPlaneOptions): Promise<LocalControlPlane> {
  const { port, cluster, nodeRole, log } = options;
  const stsEndpoint = `http://127.0.0.1:${port}`;
  const authority = await issueAuthority('kubernetes', clock.now());
  const kubelet = { commonName: 'kube-apiserver-kubelet-client', organizations: ['system:masters'] };
  const shown = await issueCertificate(authority, { ...kubelet, usages: ['client'] }, clock.now());
  const { apiserver, bootstrap } = composeApiserver({
    store: await openMemoryStore({ clock }),
    clock,
    random,
    log,
    version: 'test',
    serviceCIDR: SERVICE_CIDR,
    serviceAccountKey: SIGNING_KEY,
    issuer: ISSUER,
    endpoint: API_ENDPOINT,
    authorityCertificate: authority.certificate,
    frontProxyCertificate: authority.certificate,
    backend: networkBackend({ cert: shown.certificate, key: shown.key, ca: authority.certificate }),
    capacity: true,
    iam: {
      clusterName: cluster,
      admins: [],
      nodeRole,
      stsEndpoint,
      httpGet: async (url, headers) => {
        const response = await fetch(url, { headers, redirect: 'manual' });
        return { status: response.status, body: await response.text() };
      },
    },
  });
  await bootstrap();
  const components = startComponents(apiserver, authority, options);
  const plane: LocalControlPlane = {
    authority,
    apiserver,
    client: createClient(inProcess(apiserver.fetch, ADMIN), { userAgent: 'test' }),
    refuse: undefined,
    async text(path) {
      const request = lightRequest({ method: 'GET', url: `http://apiserver${path}` });
      const answer = await inProcess(apiserver.fetch, ADMIN)(request);
      const said = await answer.text();
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${said}`);
      return said;
    },
    async listen(host) {
      server.listen(0, host);
      await new Promise((resolve) => server.once('listening', resolve));
      return (server.address() as AddressInfo).port;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await components.stop();
    },
  };
  const server = createServer((message, reply) => void gateway(plane, message, reply));
  return plane;
}

async function gateway(plane: LocalControlPlane, message: IncomingMessage, reply: ServerResponse): Promise<void> {
  const refused = plane.refuse?.(message);
  if (refused !== undefined) return void reply.writeHead(refused).end('{"message":"no"}');
  const left = new AbortController();
  reply.once('close', () => left.abort());
  const { method = 'GET', url = '/', headers } = message;
  const content = method === 'GET' ? undefined : await bytesOf(new Response(Readable.toWeb(message) as never));
  const request = lightRequest({
    method,
    url: `http://gateway${url}`,
    headers,
    signal: left.signal,
    ...(content && { content }),
  });
  const response = await plane.apiserver.fetch(request, {});
  reply.writeHead(response.status, Object.fromEntries(response.headers));
  await pipeline(Readable.from(chunksOf(response)), reply).catch(() => undefined);
}

function startComponents(
  apiserver: Apiserver,
  authority: KeyPair,
  { port, cluster, nodeRole, log }: LocalControlPlaneOptions,
) {
  const abort = new AbortController();
  const { signal } = abort;
  const as = (user: InProcessUser) => createClient(inProcess(apiserver.fetch, user), { userAgent: user.username });
  const caches = createCaches(as(ADMIN), { clock, random });
  const aws = {
    endpoint: `http://127.0.0.1:${port}`,
    region: REGION,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    useQueueUrlAsEndpoint: false,
  };
  const sqs = new SQSClient(aws);
  const ec2 = new EC2Client(aws);
  const dependencies = {
    caches,
    clientFor: (name: string) => as(serviceAccountUser('kube-system', name)),
    clock,
    random,
    rootCA: authority.certificate,
    authority: async () => authority,
    cloud: awsCloudNodes(ec2, nodeQueues({ sqs, cluster, instanceRole: nodeRole })),
  };
  const instances = awsInstances({ ec2, clock, cluster, launchTemplate: () => '' });
  const controllers = [...createControllers(dependencies), createNodeInitialization(dependencies, instances)];
  const scheduler = createScheduler({
    caches,
    client: as({ username: 'system:kube-scheduler', groups: ['system:authenticated'] }),
    clock,
    random,
  });
  const nodeCache = caches.cache(nodes);
  /** Every node is told of every change: more than the dispatcher would tell, never less. */
  const tell = (type: ResourceType<any>) =>
    caches.subscribe(type, (object, previous) => {
      const revision = Number((object ?? previous)!.metadata.resourceVersion);
      const MessageBody = encodeNotice({ revision: object ? revision : revision + 1, resources: [type.resource] });
      for (const node of nodeCache.list()) {
        const QueueUrl = node.metadata.annotations?.[QUEUE_ANNOTATION];
        if (QueueUrl) sqs.send(new SendMessageCommand({ QueueUrl, MessageBody })).catch(() => undefined);
      }
    });
  for (const type of [pods, services, endpointSlices, nodes, secrets, configMaps]) tell(type);
  const onError = (error: unknown, controller: string, key: string) =>
    log('a reconcile failed', { controller, key, error });
  const running = runControllers([scheduler, ...controllers], caches, { clock, random, signal, onError });
  caches.start(signal);
  return {
    async stop() {
      abort.abort();
      await running;
    },
  };
}
