import { parseDuration } from '../../lib/api/duration.ts';
import type { Stored } from '../../lib/api/object.ts';
import { isReason } from '../../lib/api/status.ts';
import { timeMs } from '../../lib/api/time.ts';
import type { Node } from '../../lib/api/types.ts';
import { type Controller, type Result, watch } from '../../lib/client/controller.ts';
import { evict, leaving } from '../../lib/client/evict.ts';
import { nodes, pods } from '../../lib/client/resource-type.ts';
import { type Instance, type Instances, NoCapacity } from '../../lib/cloud/instances.ts';
import { timestamp } from '../../lib/runtime/clock.ts';
import { type Condition, withCondition } from '../controllers/conditions.ts';
import { type ControllerDependencies, type Hands, hands } from '../controllers/dependencies.ts';
import { DISRUPTED, ENDS_AT, type NodeClaim, nodeClaims, TERMINATION } from './api.ts';
import { Cluster } from './cluster.ts';
import { isUninitialized } from './node-initialization.ts';
import type { SoldOutOfferings } from './sold-out.ts';

/** A machine that has not joined by then never will. As Karpenter's. */
const REGISTRATION_MS = 900_000;
/** How often a drain is looked at: budgets and graceful ends take their time. */
const DRAIN_LOOK_MS = 2_000;
const NS_PER_MS = 1e6;

interface Parts {
  own: Hands;
  cluster: Cluster;
  instances: Instances;
  soldOut: SoldOutOfferings;
}

/** Each claim from its launch to its end: launched, joined, expired, drained, ended. */
export function createNodeClaims(
  dependencies: ControllerDependencies,
  instances: Instances,
  soldOut: SoldOutOfferings,
): Controller {
  const cluster = new Cluster(dependencies.caches);
  const own = hands(dependencies, 'capacity-controller', 'capacity');
  const parts = { own, cluster, instances, soldOut };
  const claimOf = (node: string) =>
    cluster.claims.list().find(({ status }) => status?.instanceID === node)?.metadata.name;
  const claimsOfNode = (node: string | undefined) => {
    const name = node === undefined ? undefined : claimOf(node);
    return name ? [name] : [];
  };
  return {
    name: 'capacity-nodeclaims',
    concurrency: 10,
    watches: [
      watch(nodeClaims, (claim, previous) => [(claim ?? previous)!.metadata.name]),
      watch(nodes, (node, previous) => {
        const sameTaints = node && previous && isUninitialized(node) === isUninitialized(previous);
        return sameTaints ? [] : claimsOfNode((node ?? previous)!.metadata.name);
      }),
      // A pod that has left may be the last one that a drain waited for.
      watch(pods, (pod, previous) => (pod ? [] : claimsOfNode(previous!.spec?.nodeName))),
    ],
    async reconcile(name) {
      const claim = cluster.claims.get(name);
      if (!claim) return undefined;
      if (claim.metadata.deletionTimestamp) return terminate(claim, parts);
      if (!claim.status?.instanceID) return launch(claim, parts);
      return follow(claim, parts);
    },
  };
}

async function launch(claim: Stored<NodeClaim>, { own, instances, soldOut }: Parts): Promise<undefined> {
  const { instanceType, architecture, zone, capacityType, nodePool, resources } = claim.spec;
  const { uid, name } = claim.metadata;
  const wanted = { instanceType, architecture, zone, capacityType, nodePool, maxPods: Number(resources['pods']) };
  try {
    const { id } = await instances.launch({ token: uid, nodeClaim: name, ...wanted });
    const condition = { type: 'Launched', status: 'True', reason: 'Launched', message: id };
    await writeStatus(own, claim, { instanceID: id }, condition);
  } catch (error) {
    if (!(error instanceof NoCapacity)) throw error;
    soldOut.add(instanceType, { zone, capacityType });
    own.recorder.warning(
      claim,
      'InsufficientCapacity',
      `${instanceType} (${capacityType}) in ${zone}: ${error.message}`,
    );
    // Its pods are still pending: the next round takes another machine.
    await removeClaim(own, claim);
  }
  return undefined;
}

/** Waits for the node, and looks after its age. */
async function follow(claim: Stored<NodeClaim>, parts: Parts): Promise<Result | undefined> {
  const { own, cluster, instances } = parts;
  const id = claim.status!.instanceID!;
  const node = cluster.nodes.get(id);
  const now = own.clock.now();
  const bornMs = timeMs(claim.metadata.creationTimestamp);
  if (!node) {
    const joined = claim.status!.nodeName !== undefined;
    const lost = joined || now - bornMs > REGISTRATION_MS || !(await instances.get(id))?.alive;
    if (lost) await removeClaim(own, claim);
    return lost ? undefined : { requeueAfterMs: Math.max(1, bornMs + REGISTRATION_MS - now) };
  }
  if (isUninitialized(node)) return undefined;
  if (claim.status!.nodeName === undefined) {
    const condition = { type: 'Registered', status: 'True', reason: 'Registered', message: node.metadata.name };
    await writeStatus(own, claim, { nodeName: node.metadata.name }, condition);
  }
  const expiresMs = expiryMs(claim, bornMs);
  if (expiresMs > now) return Number.isFinite(expiresMs) ? { requeueAfterMs: expiresMs - now } : undefined;
  own.recorder.normal(claim, 'Expired', `the node is older than ${claim.spec.expireAfter}`);
  await own.client.delete(nodeClaims, { name: claim.metadata.name }, { uid: claim.metadata.uid });
  return undefined;
}

function expiryMs({ spec }: NodeClaim, bornMs: number): number {
  if (spec.expireAfter === 'Never') return Number.POSITIVE_INFINITY;
  return bornMs + (parseDuration(spec.expireAfter) ?? Number.POSITIVE_INFINITY) / NS_PER_MS;
}

async function terminate(claim: Stored<NodeClaim>, parts: Parts): Promise<Result | undefined> {
  const { own, cluster, instances } = parts;
  const id = claim.status?.instanceID;
  const node = id === undefined ? undefined : cluster.nodes.get(id);
  if (node && (await isDraining(node, claim, parts))) return { requeueAfterMs: DRAIN_LOOK_MS };
  const instance = id === undefined ? await launched(claim, instances) : await instances.get(id);
  if (instance?.alive) await instances.terminate(instance.id);
  if (node) await own.client.delete(nodes, { name: node.metadata.name }).catch(unlessGone);
  const finalizers = claim.metadata.finalizers?.filter((one) => one !== TERMINATION) ?? [];
  await own.client.update(nodeClaims, { ...claim, metadata: { ...claim.metadata, finalizers } }).catch(unlessGone);
  return undefined;
}

/** A launch whose answer was lost: the machine is there, and says whose it is. */
async function launched({ metadata }: Stored<NodeClaim>, instances: Instances): Promise<Instance | undefined> {
  return (await instances.list()).find(({ nodeClaim }) => nodeClaim === metadata.name);
}

/** Takes no more pods, and sends away those it has. False: it is empty, or its time is over. */
async function isDraining(node: Stored<Node>, claim: Stored<NodeClaim>, { own, cluster }: Parts): Promise<boolean> {
  const taints = node.spec?.taints ?? [];
  if (!taints.some(({ key }) => key === DISRUPTED.key)) {
    await own.client.update(nodes, { ...node, spec: { ...node.spec, taints: [...taints, DISRUPTED] } });
  }
  const endsAt = timeMs(claim.metadata.annotations?.[ENDS_AT]);
  if (own.clock.now() >= endsAt) return false;
  const left = leaving(cluster.podsOn(node.metadata.name));
  for (const pod of left) if (!pod.metadata.deletionTimestamp) await evict(own.client, pod);
  return left.length > 0;
}

async function removeClaim({ client }: Hands, { metadata }: Stored<NodeClaim>): Promise<void> {
  await client.delete(nodeClaims, { name: metadata.name }, { uid: metadata.uid }).catch(unlessGone);
}

function unlessGone(error: unknown): void {
  if (!isReason(error, 'NotFound', 'Conflict')) throw error;
}

async function writeStatus(
  { client, clock }: Hands,
  claim: Stored<NodeClaim>,
  status: NonNullable<NodeClaim['status']>,
  condition: Condition,
): Promise<void> {
  const dated = { ...condition, lastTransitionTime: timestamp(clock) };
  const conditions = withCondition(claim.status?.conditions, dated);
  await client.update(
    nodeClaims,
    { ...claim, status: { ...claim.status, ...status, conditions } },
    { subresource: 'status' },
  );
}
