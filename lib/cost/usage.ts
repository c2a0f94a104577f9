/**
 * What the parts of the control plane use, as measured: bench/aws/RESULTS.md holds the DynamoDB units of each operation
 * and the durations on LocalStack. A unit of DynamoDB is 1 KB written or 4 KB read strongly; items in a transaction count twice.
 */

/** One Kubernetes API request that writes an object of 1 KB, compressed: counter 1, object and log slot twice 1 each. */
export const WRITE = { writeUnits: 5, readUnits: 2 };
/** One Kubernetes API request that reads: the counter tells a warm function that its cache is the present. */
export const READ = { writeUnits: 0, readUnits: 1 };
/** A woken function: its lease taken and given back, its checkpoint saved, counter and tail of the log read. */
export const WAKE = { writeUnits: 3, readUnits: 3 };

/** Memory of the functions and how long they take, warm. */
export const APISERVER = { memoryGB: 1, seconds: 0.03 };
export const CONTROLLERS = { memoryGB: 1, seconds: 0.15 };
export const SCHEDULER = { memoryGB: 1, seconds: 0.1 };
export const DISPATCHER = { memoryGB: 0.25, seconds: 0.04 };

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
