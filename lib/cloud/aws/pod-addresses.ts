/** kubelet's default. */
export const MAX_PODS = 110;
/** A prefix is a /28. Source: "Assign prefixes to Amazon EC2 network interfaces". */
const PREFIX_BITS = 28;
/** host-local keeps the first and the last address of each range, and gives the second to the node. */
const UNUSABLE = 3;

/** The pods that these ranges have addresses for. */
export function podsOf(podCIDRs: readonly string[]): number {
  return podCIDRs.reduce((sum, range) => sum + addressesOf(Number(range.split('/')[1])), 0);
}

/** The pods that one delegated prefix has addresses for. */
export const PODS_OF_PREFIX = addressesOf(PREFIX_BITS);

function addressesOf(bits: number): number {
  return 2 ** (32 - bits) - UNUSABLE;
}
