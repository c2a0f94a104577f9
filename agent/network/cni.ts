export interface CniNetwork {
  /** The node's own ranges: 10.244.1.0/24. */
  podCIDRs: readonly string[];
  /** Where host-local remembers which addresses are taken. */
  stateFolder: string;
  mtu?: number;
}

/**
 * The node's pod network: a veth pair for each pod, routed and not bridged, so that every packet, also between two pods of
 * one node, passes the node's nftables (service translation needs both directions). Source: CNI spec 1.0, plugins ptp and host-local.
 * Host ports are the service proxy's, not portmap's: one program less at each pod's start.
 */
export function cniConfig({ podCIDRs, stateFolder, mtu = 1500 }: CniNetwork): string {
  const ipam = {
    type: 'host-local',
    dataDir: stateFolder,
    ranges: [podCIDRs.map((subnet) => ({ subnet }))],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  return JSON.stringify(
    { cniVersion: '1.0.0', name: 'zeroplane', plugins: [{ type: 'ptp', mtu, ipMasq: false, ipam }] },
    undefined,
    2,
  );
}
