import type { Node, Taint } from '../../../lib/api/types.ts';
import { VIRTUAL_NODE_LABEL } from '../../../lib/api/virtual-node.ts';

export const NODE_NAME = 'fargate';
export const PROVIDER = 'fargate';
export const ARCHITECTURE = 'amd64';

/** Only pods that tolerate it are run as tasks. */
export const FARGATE_TAINT: Taint = { key: 'zeroplane.dev/fargate', value: 'true', effect: 'NoSchedule' };

/** As many as nobody comes near: what tasks are allowed is an account's quota, which AWS tells when it is reached. */
const CAPACITY = { cpu: '100000', memory: '1000Ti', 'ephemeral-storage': '1000Ti', pods: '10000' };

/** The node as which tasks are scheduled. No agent runs there, so nothing but its label says that it is well. */
export function virtualNode(version: string, now: string): Node {
  const labels = {
    type: 'virtual-kubelet',
    [VIRTUAL_NODE_LABEL]: PROVIDER,
    'kubernetes.io/arch': ARCHITECTURE,
    'kubernetes.io/hostname': NODE_NAME,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/role': 'agent',
    // As cloud providers know it: no load balancer sends anything there.
    'node.kubernetes.io/exclude-from-external-load-balancers': 'true',
  };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: NODE_NAME, labels },
    spec: { taints: [FARGATE_TAINT], providerID: `${PROVIDER}://${NODE_NAME}` },
    status: { ...nodeStatus(version), conditions: conditions(now) },
  };
}

function nodeStatus(version: string): NonNullable<Node['status']> {
  return {
    capacity: CAPACITY,
    allocatable: CAPACITY,
    nodeInfo: {
      architecture: ARCHITECTURE,
      bootID: '',
      containerRuntimeVersion: 'fargate://1.4.0',
      kernelVersion: '',
      kubeProxyVersion: '',
      kubeletVersion: version,
      machineID: '',
      operatingSystem: 'linux',
      osImage: 'AWS Fargate',
      systemUUID: '',
    },
  };
}

function conditions(now: string): NonNullable<NonNullable<Node['status']>['conditions']> {
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: now,
    lastTransitionTime: now,
  });
  return [
    condition('MemoryPressure', 'False', 'TasksHaveTheirOwn', 'every task has memory of its own'),
    condition('DiskPressure', 'False', 'TasksHaveTheirOwn', 'every task has a disk of its own'),
    condition('PIDPressure', 'False', 'TasksHaveTheirOwn', 'every task has processes of its own'),
    condition('Ready', 'True', 'VirtualNodeReady', 'pods run as tasks of AWS Fargate'),
  ];
}
