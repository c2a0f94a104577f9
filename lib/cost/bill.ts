import { HOURS_PER_MONTH, PRICES, type Price, SECONDS_PER_MONTH } from './prices.ts';
import * as usage from './usage.ts';

export interface Workload {
  nodes: number;
  pods: number;
  /** API writes that the workload makes by itself, on average over the month, heartbeats not counted. 0: idle. */
  writesPerSecond: number;
  /** Watches that pods hold on the API: an operator holds dozens. */
  watches: number;
}

export interface Line {
  what: string;
  quantity: number;
  price: Price;
  dollars: number;
}

/** What a month's activity comes to, before prices. */
interface Activity {
  apiRequests: number;
  writes: number;
  reads: number;
  wakes: number;
  nodeChecks: number;
  queueRequests: number;
  /** For watches that pods hold on the API: their node's proxy fetches what moved. */
  watchFetches: number;
}

/** A read through API Gateway, function and table. Nothing is held open: an open function costs 8 dollars a month and watch. */
const FETCH: Price = {
  dollars:
    PRICES.apiRequest.dollars +
    PRICES.lambdaRequest.dollars +
    usage.APISERVER.memoryGB * usage.APISERVER.seconds * PRICES.lambdaGBSecond.dollars +
    usage.READ.readUnits * PRICES.readUnit.dollars,
  per: 'fetch by a node’s proxy',
  source: 'request, invocation, time and read unit as above',
};

/** The month's bill of the control plane, line by line. Nodes are left out: EC2 charges for them alike under EKS. */
export function monthlyBill(workload: Workload): Line[] {
  const activity = activityOf(workload);
  const invocations = activity.apiRequests + 3 * activity.wakes + activity.nodeChecks;
  const storedGB = storedBytes(workload) / 1e9;
  return [
    line('API requests', activity.apiRequests, PRICES.apiRequest),
    line('function invocations', invocations, PRICES.lambdaRequest),
    line('function time', functionGBSeconds(activity), PRICES.lambdaGBSecond),
    line('DynamoDB writes', unitsOf(activity, 'writeUnits'), PRICES.writeUnit),
    line('DynamoDB reads', unitsOf(activity, 'readUnits'), PRICES.readUnit),
    line('stored', storedGB, PRICES.tableGB),
    line('point-in-time recovery', storedGB, PRICES.recoveryGB),
    line('queues', activity.queueRequests, PRICES.queueRequest),
    line('watches of in-cluster clients', activity.watchFetches, FETCH),
    addresses(workload.nodes),
    line('logs', (invocations * usage.LOG_BYTES_PER_INVOCATION) / 1e9, PRICES.logGB),
    line('answers sent', (activity.reads * usage.ANSWER_BYTES) / 1e9, PRICES.transferGB),
  ];
}

export function total(lines: readonly Line[]): number {
  return lines.reduce((sum, { dollars }) => sum + dollars, 0);
}

/** An EKS control plane, whatever it does, and the same public addresses of its nodes (a NAT gateway instead costs 33 dollars). */
export function eksMonth(nodes: number): number {
  return PRICES.eksHour.dollars * HOURS_PER_MONTH + addresses(nodes).dollars;
}

function addresses(nodes: number): Line {
  return line('public addresses of nodes', nodes * HOURS_PER_MONTH, PRICES.publicAddressHour);
}

function activityOf({ nodes, writesPerSecond, watches }: Workload): Activity {
  const heartbeats = nodes * (every(usage.LEASE_SECONDS) + every(usage.NODE_STATUS_SECONDS));
  const own = writesPerSecond * SECONDS_PER_MONTH;
  const reads = own * usage.READS_PER_WRITE;
  const notices = nodes === 0 ? 0 : own;
  return {
    apiRequests: heartbeats + own + reads,
    writes: heartbeats + own,
    reads,
    wakes: own * usage.WAKES_PER_WRITE,
    nodeChecks: nodes === 0 ? 0 : every(usage.NODE_CHECK_SECONDS),
    queueRequests: nodes * every(usage.QUEUE_WAIT_SECONDS) + notices * usage.REQUESTS_PER_MESSAGE,
    // A write moves one resource; of the watches, those on it are woken, and the same watch of one node is fetched once.
    watchFetches: notices * Math.min(watches, usage.WATCHES_WOKEN_BY_A_WRITE),
  };
}

function every(seconds: number): number {
  return SECONDS_PER_MONTH / seconds;
}

function functionGBSeconds({ apiRequests, wakes, nodeChecks }: Activity): number {
  const { APISERVER, CONTROLLERS, SCHEDULER, DISPATCHER } = usage;
  const of = ({ memoryGB, seconds }: { memoryGB: number; seconds: number }) => memoryGB * seconds;
  return (
    apiRequests * of(APISERVER) +
    wakes * (of(CONTROLLERS) + of(SCHEDULER) + of(DISPATCHER)) +
    nodeChecks * of(CONTROLLERS)
  );
}

function unitsOf({ writes, reads, wakes, nodeChecks }: Activity, units: 'writeUnits' | 'readUnits'): number {
  const woken = 3 * wakes + nodeChecks;
  return writes * usage.WRITE[units] + reads * usage.READ[units] + woken * usage.WAKE[units];
}

function storedBytes({ nodes, pods }: Workload): number {
  return usage.BYTES_OF_EMPTY_CLUSTER + nodes * usage.BYTES_PER_NODE + pods * usage.BYTES_PER_POD;
}

function line(what: string, quantity: number, price: Price): Line {
  return { what, quantity, price, dollars: quantity * price.dollars };
}
