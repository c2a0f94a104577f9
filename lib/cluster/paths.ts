import { join } from 'node:path';

/** Where everything of one cluster lies. */
export interface ClusterPaths {
  state: string;
  config: string;
  lock: string;
  pki: string;
  kubeconfig: string;
  database: string;
  /** The keys that Secrets are encrypted with; without them they are lost. */
  encryptionKeys: string;
  /** containerd's `certs.d` of all nodes: `HOST:PORT/ca.crt` or `hosts.toml`. */
  registries: string;
  controlPlane: ProcessPaths & { config: string };
  node(name: string): NodePaths;
}

/** Files of a daemon. */
export interface ProcessPaths {
  folder: string;
  pid: string;
  log: string;
}

export interface NodePaths extends ProcessPaths {
  config: string;
  pki: string;
  containerd: string;
  pods: string;
  /** Persistent volumes on the node's disk. */
  volumes: string;
  logs: string;
  /** Static pods, one manifest a file. */
  manifests: string;
}

export function clusterPaths(state: string): ClusterPaths {
  const at = (...names: string[]) => join(state, ...names);
  return {
    state,
    config: at('cluster.json'),
    lock: at('lock'),
    pki: at('pki'),
    kubeconfig: at('admin.kubeconfig'),
    registries: at('registries'),
    database: at('store', 'zeroplane.db'),
    encryptionKeys: at('encryption-keys.json'),
    controlPlane: {
      folder: at('control-plane'),
      pid: at('control-plane', 'pid'),
      log: at('control-plane', 'log'),
      config: at('control-plane', 'config.json'),
    },
    node: (name) => ({
      folder: at('nodes', name),
      config: at('nodes', name, 'agent.json'),
      pid: at('nodes', name, 'agent.pid'),
      log: at('nodes', name, 'agent.log'),
      pki: at('nodes', name, 'pki'),
      containerd: at('nodes', name, 'containerd'),
      pods: at('nodes', name, 'pods'),
      volumes: at('nodes', name, 'volumes'),
      logs: at('nodes', name, 'logs'),
      manifests: at('nodes', name, 'manifests'),
    }),
  };
}
