import { nft } from '../proxy/nft.ts';

export interface Egress {
  /** The pods' ranges on this node. */
  podCIDRs: readonly string[];
  /** Where pods' own addresses are routed: what goes elsewhere leaves with the node's. */
  vpcCIDRs: readonly string[];
}

const TABLE = 'zeroplane-egress';
/** Instance metadata gives out the node's own identity. Source: "Instance metadata service", IPv4 and IPv6 addresses. */
const [METADATA, METADATA_IPV6] = ['169.254.169.254', 'fd00:ec2::254'];

/**
 * Rules of a node whose pods have addresses of the VPC: they reach neither instance metadata (pods of the host's network do, as the node
 * does), nor the Internet under an address that no gateway translates. Replaced atomically.
 */
export function egressScript({ podCIDRs, vpcCIDRs }: Egress): string {
  return `table inet ${TABLE}
delete table inet ${TABLE}
table inet ${TABLE} {
  chain metadata {
    type filter hook forward priority filter - 5; policy accept;
    ip daddr ${METADATA} drop
    ip6 daddr ${METADATA_IPV6} drop
  }
  chain postrouting {
    type nat hook postrouting priority srcnat + 1; policy accept;
    ip saddr { ${podCIDRs.join(', ')} } ip daddr != { ${vpcCIDRs.join(', ')} } masquerade fully-random
  }
}
`;
}

export function setUpEgress(egress: Egress): Promise<void> {
  return nft(egressScript(egress));
}
