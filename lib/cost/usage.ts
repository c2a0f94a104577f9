/**
 * What the parts of the control plane use. Units of DynamoDB are measured: the line of bench/aws/RESULTS.md is named.
 * A unit is 1 KB written or 4 KB read strongly; items in a transaction count twice.
 */

/** "merge patch, after a write of another function": counter 1, object and log slot twice 1 each; counter and log are read. */
export const WRITE = { writeUnits: 5, readUnits: 2 };
/** "GET, after a write of another function": the counter, and the log since. Where nothing moved it is 1. */
export const READ = { writeUnits: 0, readUnits: 2 };
/** "controllers are woken by a Pod that changed, nothing to do": the lease taken, and given back with the checkpoint; counter and log. */
export const WAKE = { writeUnits: 2, readUnits: 5 };

/** Memory of the functions, as lib/stacks gives it (1769 MB are a whole processor), and how long they take warm: estimated, AWS was not asked. */
export const APISERVER = { memoryGB: 1.73, seconds: 0.03 };
export const CONTROLLERS = { memoryGB: 1.73, seconds: 0.15 };
export const SCHEDULER = { memoryGB: 1.73, seconds: 0.1 };
export const DISPATCHER = { memoryGB: 0.5, seconds: 0.04 };

/** A node's lease is renewed this often on AWS, and its status written when nothing has changed. */
export const LEASE_SECONDS = 40;
export const NODE_STATUS_SECONDS = 300;
/** While nodes exist, somebody looks this often whether their leases are renewed. */
export const NODE_CHECK_SECONDS = 60;
/** SQS's longest wait. */
export const QUEUE_WAIT_SECONDS = 20;
/** A write of a pod's life wakes each of controllers, scheduler and dispatcher about this often: batches join several. */
export const WAKES_PER_WRITE = 0.5;
/** Of a queue message: sent, received, deleted. */
export const REQUESTS_PER_MESSAGE = 3;
/** Reads of clients and agents for each write: what moved is fetched by whoever needs it. */
export const READS_PER_WRITE = 2;
/** Watches of one resource that one write wakes, among dozens of an operator's. */
export const WATCHES_WOKEN_BY_A_WRITE = 2;
/** A pod with its events, endpoints and status, and the log that is kept of them. */
export const BYTES_PER_POD = 12_000;
export const BYTES_PER_NODE = 30_000;
/** The objects of a new cluster, with nothing in it. */
export const BYTES_OF_EMPTY_CLUSTER = 400_000;
/** A request's line in a function's log, and its report. */
export const LOG_BYTES_PER_INVOCATION = 300;
export const ANSWER_BYTES = 3_000;
