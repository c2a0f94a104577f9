/** What Zeroplane's parts write on Nodes for each other. */

/** By the controllers: where notices of changes for this node are sent. */
export const QUEUE_ANNOTATION = 'zeroplane.dev/queue-url';

/**
 * By the node: resources (`pods`, `deployments.apps`, joined by commas) of which somebody on the node watches all objects.
 * Without it a node is told of its own Node and pods, of what these refer to, of Services and EndpointSlices.
 */
export const FOLLOWS_ANNOTATION = 'zeroplane.dev/follows';

/** What every node follows, whoever is on it. */
export const ALWAYS_FOLLOWED: readonly string[] = ['services', 'endpointslices.discovery.k8s.io'];
