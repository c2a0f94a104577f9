import { StatusError } from '../../api/status.ts';
import type { NodeAddress } from '../../api/types.ts';
import { CAPACITY_TYPE } from '../instances.ts';
import type { InstanceIdentity } from './instance-metadata.ts';

/** What of an instance a Node says. Source: cloud-provider-aws, whose labels and ids these are. */
export interface NodeFacts {
  nodeName: string;
  providerID: string;
  labels: Record<string, string>;
  addresses: NodeAddress[];
  /** The pods' ranges. */
  podCIDRs: string[];
}

export function nodeFacts(instance: InstanceIdentity): NodeFacts {
  const { instanceId, instanceType, architecture, region, zone, privateIp, privateDnsName, prefixes } = instance;
  if (prefixes.length === 0)
    throw new StatusError(
      503,
      'ServiceUnavailable',
      `no prefix is delegated to the network interface of ${instanceId}`,
    );
  return {
    nodeName: instanceId,
    providerID: `aws:///${zone}/${instanceId}`,
    labels: {
      'beta.kubernetes.io/instance-type': instanceType,
      'failure-domain.beta.kubernetes.io/region': region,
      'failure-domain.beta.kubernetes.io/zone': zone,
      'kubernetes.io/arch': architecture,
      'node.kubernetes.io/instance-type': instanceType,
      'topology.kubernetes.io/region': region,
      'topology.kubernetes.io/zone': zone,
      [CAPACITY_TYPE]: instance.lifecycle,
    },
    addresses: [
      { type: 'InternalIP', address: privateIp },
      { type: 'InternalDNS', address: privateDnsName },
      { type: 'Hostname', address: instanceId },
    ],
    podCIDRs: prefixes,
  };
}
