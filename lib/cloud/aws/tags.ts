/** What the stacks make carries the cluster's name. */
export const CLUSTER_TAG = 'zeroplane.dev/cluster';
/** `node`: the security group of nodes, by which their network is found. */
export const ROLE_TAG = 'zeroplane.dev/role';
/** Of an instance that was launched for a NodeClaim. */
export const CLAIM_TAG = 'zeroplane.dev/nodeclaim';
export const POOL_TAG = 'zeroplane.dev/nodepool';
