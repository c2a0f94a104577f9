import { join } from 'node:path';

/** Where one node's containerd keeps everything: all of it below `folder`. */
export interface ContainerdPaths {
  folder: string;
  config: string;
  root: string;
  state: string;
  socket: string;
  pid: string;
  log: string;
  /** Network namespaces of sandboxes are bound here. */
  netns: string;
  /** runc's own state. */
  runc: string;
  opt: string;
  cniConfig: string;
  /** Addresses that host-local has given out. */
  cniState: string;
  /** `HOST/hosts.toml` says where a registry's images come from. */
  registries: string;
}

export function containerdPaths(folder: string): ContainerdPaths {
  const at = (name: string) => join(folder, name);
  return {
    folder,
    config: at('config.toml'),
    root: at('root'),
    state: at('state'),
    socket: at('containerd.sock'),
    pid: at('pid'),
    log: at('log'),
    netns: at('state/netns'),
    runc: at('runc'),
    opt: at('opt'),
    cniConfig: at('cni/net.d'),
    cniState: at('cni/state'),
    registries: at('registries'),
  };
}
