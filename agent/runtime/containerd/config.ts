import { SANDBOX_IMAGE } from '../images/pause.ts';
import type { ContainerdPaths } from './paths.ts';

export interface ContainerdSettings {
  cniBinaries: string;
  snapshotter: 'overlayfs' | 'native';
  /** Without CAP_SYS_RESOURCE nobody may lower an oom_score_adj below containerd's own. */
  restrictOomScoreAdj: boolean;
}

/**
 * containerd's config.toml, version 2. Source: containerd 1.6, docs/cri/config.md.
 * - AppArmor is off: a profile loaded into the kernel would outlive the cluster.
 * - The streaming server is reached by the agent only, inside the node's network namespace.
 * - Plugins without use here are off, which halves the start.
 */
export function containerdConfig(paths: ContainerdPaths, settings: ContainerdSettings): string {
  return `version = 2
root = ${text(paths.root)}
state = ${text(paths.state)}
disabled_plugins = [${UNUSED_PLUGINS.map(text).join(', ')}]

[grpc]
  address = ${text(paths.socket)}

[plugins."io.containerd.internal.v1.opt"]
  path = ${text(paths.opt)}

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(SANDBOX_IMAGE)}
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  disable_apparmor = true
  restrict_oom_score_adj = ${settings.restrictOomScoreAdj}
  tolerate_missing_hugetlb_controller = true
  enable_unprivileged_ports = true
  enable_unprivileged_icmp = true
  netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = ${text(settings.cniBinaries)}
  conf_dir = ${text(paths.cniConfig)}

[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = ${text(paths.registries)}

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = ${text(settings.snapshotter)}
  default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
  Root = ${text(paths.runc)}

# The same runtime under another name, as kind has it: what the upstream tests of RuntimeClass expect of a node.
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.test-handler]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.test-handler.options]
  SystemdCgroup = false
  Root = ${text(paths.runc)}
`;
}

const UNUSED_PLUGINS = [
  'io.containerd.internal.v1.restart',
  'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
];

/** A TOML basic string; JSON's escapes are a subset of TOML's. */
function text(value: string): string {
  return JSON.stringify(value);
}
