import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ClusterError } from './error.ts';
import type { EvictionSettings } from './eviction.ts';
import { addressAt, parseCidr } from './network/cidr.ts';
import type { ShutdownGrace } from './shutdown-grace.ts';

/** One node of a cluster on this machine, as cluster.json keeps it. */
export interface NodeConfig {
  name: string;
  ip: string;
  podCIDR: string;
  /** The network namespace it lives in. */
  netns: string;
}

/** cluster.json: what a cluster was made as, so that it is taken up the same. */
export interface ClusterConfig extends EvictionSettings {
  name: string;
  /** The API's port at 127.0.0.1. */
  port: number;
  podCIDR: string;
  serviceCIDR: string;
  dnsDomain: string;
  dnsIP: string;
  /** The bridge that host and nodes share. */
  bridge: string;
  nodeCIDR: string;
  nodes: NodeConfig[];
  /** A KubeSchedulerConfiguration; absent: the default profile alone. */
  schedulerConfiguration?: unknown;
  /** How long pods may take to end when their node goes down; absent: the default. */
  shutdownGrace?: ShutdownGrace;
  /** Ingress at 127.0.0.1. */
  ingressPorts?: { http: number; https: number };
}

/** The API's port at the bridge's address, where nodes and pods reach it. */
export const BRIDGE_PORT = 6443;
export const KUBELET_PORT = 10250;
/** The ingress gateways', on every node: the machine reaches one of them. */
const INGRESS_ADDRESS = 2;
/** The first address of a node; those before it are the host's. */
const FIRST_NODE_ADDRESS = 11;
export const MAX_NODES = 100;
/** Of the bridge's range, behind all nodes: Services of type LoadBalancer get these. */
const LOAD_BALANCER_ADDRESSES = [128, 254] as const;

/** The host's address on the bridge. */
export function gateway(cluster: Pick<ClusterConfig, 'nodeCIDR'>): string {
  return addressAt(parseCidr(cluster.nodeCIDR), 1);
}

export function ingressIP(cluster: Pick<ClusterConfig, 'nodeCIDR'>): string {
  return addressAt(parseCidr(cluster.nodeCIDR), INGRESS_ADDRESS);
}

export function loadBalancerAddresses(cluster: Pick<ClusterConfig, 'nodeCIDR'>): string {
  return LOAD_BALANCER_ADDRESSES.map((offset) => addressAt(parseCidr(cluster.nodeCIDR), offset)).join('-');
}

/** The `kubernetes` Service: the first address of the range, as kube-apiserver takes it. */
export function apiServiceIP(cluster: Pick<ClusterConfig, 'serviceCIDR'>): string {
  return addressAt(parseCidr(cluster.serviceCIDR), 1);
}

/** Node number `index`, counted from 0. Its pods get the /24 of their range with the node's number, counted from 1. */
export function nodeConfig(cluster: Omit<ClusterConfig, 'nodes'>, index: number): NodeConfig {
  const name = `node-${index + 1}`;
  return {
    name,
    ip: addressAt(parseCidr(cluster.nodeCIDR), FIRST_NODE_ADDRESS + index),
    podCIDR: `${addressAt(parseCidr(cluster.podCIDR), (index + 1) * 256)}/24`,
    netns: `${cluster.bridge}-${name}`,
  };
}

/** Undefined: there is none. A damaged file is an error that says so: what it named may still be running. */
export function readConfig(file: string): ClusterConfig | undefined {
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const config = parseConfig(text);
  if (!config) throw new ClusterError(`${file} is damaged: restore it, or remove it to make the cluster anew`);
  return config;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

const TEXTS = ['name', 'podCIDR', 'serviceCIDR', 'dnsDomain', 'dnsIP', 'bridge', 'nodeCIDR'] as const;

function parseConfig(text: string): ClusterConfig | undefined {
  try {
    const config = JSON.parse(text) as Partial<ClusterConfig> | null;
    const whole = TEXTS.every((field) => typeof config?.[field] === 'string') && Array.isArray(config?.nodes);
    return whole && config!.nodes!.length > 0 ? (config as ClusterConfig) : undefined;
  } catch {
    return undefined; // not JSON: as damaged as JSON with fields missing
  }
}

export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
