import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Agent } from '../../../agent/agent.ts';
import { setUpEgress } from '../../../agent/network/egress.ts';
import { keepCertificate } from '../../../agent/node/keep-certificate.ts';
import type { AgentServer } from '../../../agent/server/server.ts';
import { API_PROXY_SIGNER, KUBELET_SERVING_SIGNER } from '../../../lib/api/signers.ts';
import type { Client } from '../../../lib/client/client.ts';
import { API_ENDPOINT } from '../../../lib/cloud/aws/environment.ts';
import { type InstanceMetadata, instanceMetadata } from '../../../lib/cloud/aws/instance-metadata.ts';
import { type NodeFacts, nodeFacts } from '../../../lib/cloud/aws/node-facts.ts';
import { tokenSource } from '../../../lib/cloud/aws/token-source.ts';
import { UNINITIALIZED } from '../../../lib/cloud/instances.ts';
import { apiServiceIP } from '../../../lib/cluster/config.ts';
import type { NodeAgentConfig } from '../../../lib/cluster/daemon-config.ts';
import type { KeyPair } from '../../../lib/pki/certificate.ts';
import { delay } from '../../../lib/runtime/clock.ts';
import { type Backoff, backoffMs } from '../../../lib/runtime/queue.ts';
import type { Platform } from '../control-plane.ts';
import { type NodeAccess, runNode } from '../node.ts';
import type { Stop } from '../process.ts';
import { type NodeApi, nodeApi } from './api.ts';
import { type AwsNodeConfig, maxPods, nodeConfig } from './config.ts';
import { declareInterest, receiveNotices } from './notices.ts';

const RETRY: Backoff = { baseMs: 1000, maxMs: 30_000, jitter: 0.5 };

/** A node that joins by itself: who it is it knows from its instance, and asks the cluster for the rest. Resolves when it is at work. */
export async function startAwsNode(config: AwsNodeConfig, metadataEndpoint: string, platform: Platform): Promise<Stop> {
  const metadata = instanceMetadata({ endpoint: metadataEndpoint, fetch, clock: platform.clock });
  const { instance, facts } = await whoAmI(metadata, platform);
  const { cluster } = config;
  const credentials = () => metadata.credentials();
  const token = tokenSource({ credentials, region: instance.region, cluster, clock: platform.clock });
  const api = await nodeApi(config.server, token, platform);
  const node = nodeConfig(config, instance, facts);
  mkdirSync(node.pki, { recursive: true, mode: 0o700 });
  copyFileSync(config.certificateAuthority, join(node.pki, 'ca.crt'));
  await setUpEgress({ podCIDRs: facts.podCIDRs, vpcCIDRs: instance.vpcCIDRs });
  const { region } = instance;
  return runNode(node, platform, accessOf({ config, node, facts, api, region, credentials, platform }));
}

/** A machine may be up before its metadata, and a prefix may be delegated late. */
async function whoAmI(metadata: InstanceMetadata, { clock, random, log }: Platform) {
  for (let failures = 0; ; failures++) {
    try {
      const instance = await metadata.identity();
      return { instance, facts: nodeFacts(instance) };
    } catch (error) {
      log('cannot read the metadata of the instance', { error });
      await delay(clock, backoffMs(failures, random, RETRY));
    }
  }
}

interface Joining {
  config: AwsNodeConfig;
  node: NodeAgentConfig;
  facts: NodeFacts;
  api: NodeApi;
  region: string;
  credentials: InstanceMetadata['credentials'];
  platform: Platform;
}

function accessOf(joining: Joining): NodeAccess {
  const { config, facts, api } = joining;
  const kubelet = api.clientAs('kubelet');
  const abort = new AbortController();
  const { signal } = abort;
  let server: AgentServer | undefined;
  const running: Promise<void>[] = [];
  return {
    kubelet,
    kubeProxy: api.clientAs('kube-proxy', 'system:kube-proxy'),
    gatewayCommand: [],
    ownIPs: [API_ENDPOINT.address],
    facts: {
      providerID: facts.providerID,
      taints: [UNINITIALIZED],
      labels: facts.labels,
      addresses: facts.addresses,
      leaseDurationSeconds: config.leaseDurationSeconds,
      maxPods: maxPods(facts.podCIDRs),
    },
    serving(agent) {
      running.push(...follow(joining, kubelet, agent, signal));
      running.push(serveApi(joining, kubelet, signal));
      return new Promise((resolve) => {
        const use = (pair: KeyPair) => {
          server?.setCertificate(pair);
          resolve();
        };
        running.push(keepKubeletCertificate(joining, kubelet, signal, use));
      });
    },
    started(_, started) {
      server = started;
    },
    async close() {
      abort.abort();
      await Promise.all(running);
      await api.proxy.close();
    },
  };
}

function follow(
  { api, node, region, credentials, platform }: Joining,
  client: Client,
  agent: Agent,
  signal: AbortSignal,
) {
  const options = { api, agent, nodeName: node.nodeName, region, credentials, signal };
  return [receiveNotices(options, platform), declareInterest(client, options, platform)];
}

function keepKubeletCertificate(
  { node, facts, platform }: Joining,
  client: Client,
  signal: AbortSignal,
  use: (pair: KeyPair) => void,
): Promise<void> {
  const names = [...new Set(facts.addresses.map(({ address }) => address))];
  const whose = { nodeName: node.nodeName, signer: KUBELET_SERVING_SIGNER, names };
  return keepCertificate({ client, ...whose, folder: node.pki, name: 'kubelet', ...platform, signal, use });
}

/** The `kubernetes` Service, answered here: under its names and address, with the caller's own token passed on. */
function serveApi({ config, node, api, platform }: Joining, client: Client, signal: AbortSignal): Promise<void> {
  const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc'];
  const names = [...service, `kubernetes.default.svc.${config.dnsDomain}`, apiServiceIP(config)];
  let listening = false;
  const use = ({ certificate, key }: KeyPair) => {
    api.proxy.setCertificate({ cert: certificate, key });
    if (listening) return;
    listening = true;
    api.proxy
      .listen(API_ENDPOINT.port, API_ENDPOINT.address)
      .catch((error: unknown) => platform.log('cannot answer for the apiserver', { error }));
  };
  const whose = { nodeName: node.nodeName, signer: API_PROXY_SIGNER, names };
  return keepCertificate({ client, ...whose, folder: node.pki, name: 'api-proxy', ...platform, signal, use });
}
