import type { Stored } from '../../../lib/api/object.ts';
import { timeMs } from '../../../lib/api/time.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../../lib/api/types.ts';
import { ownerReference } from '../claim.ts';
import { canonicalJson, nameHash } from '../hash.ts';
import { fenceposts, replicasOf } from './strategy.ts';

/** Annotations that kubectl and the controller speak through. Source: pkg/controller/deployment/util/deployment_util.go. */
export const REVISION = 'deployment.kubernetes.io/revision';
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
const TEMPLATE_HASH = 'pod-template-hash';
const HASH_LENGTH = 10;
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
/** A history of revisions is cut at the front beyond so many letters. */
const MAX_HISTORY_LENGTH = 2000;
const MAX_NAME_LENGTH = 253;

/** A ReplicaSet as the plan wants it: a copy that may be changed, and what it is now. */
export interface Draft {
  /** Absent: to be created. */
  readonly original: Stored<ReplicaSet> | undefined;
  name: string;
  annotations: Record<string, string>;
  replicas: number;
  minReadySeconds: number | undefined;
}

export const sizeOf = (replicaSet: ReplicaSet): number => replicaSet.spec.replicas ?? 1;
export const byAge = (a: Stored<ReplicaSet>, b: Stored<ReplicaSet>): number =>
  timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp) ||
  (a.metadata.name < b.metadata.name ? -1 : 1);

export function draftOf(replicaSet: Stored<ReplicaSet>): Draft {
  const { metadata, spec } = replicaSet;
  return {
    original: replicaSet,
    name: metadata.name,
    annotations: { ...metadata.annotations },
    replicas: sizeOf(replicaSet),
    minReadySeconds: spec.minReadySeconds,
  };
}

export function isChanged({ original, annotations, replicas, minReadySeconds }: Draft): boolean {
  return (
    original !== undefined &&
    (replicas !== sizeOf(original) ||
      (minReadySeconds ?? 0) !== (original.spec.minReadySeconds ?? 0) ||
      canonicalJson(annotations) !== canonicalJson(original.metadata.annotations ?? {}))
  );
}

/** The one whose template is the deployment's; of several the oldest, so that all agree. */
export function findNew(
  deployment: Deployment,
  replicaSets: readonly Stored<ReplicaSet>[],
): Stored<ReplicaSet> | undefined {
  const wanted = withoutHash(deployment.spec.template);
  return [...replicaSets].sort(byAge).find(({ spec }) => withoutHash(spec.template ?? {}) === wanted);
}

function withoutHash({ metadata, spec }: PodTemplateSpec): string {
  const { [TEMPLATE_HASH]: _, ...labels } = metadata?.labels ?? {};
  return canonicalJson({ metadata: { ...metadata, labels, creationTimestamp: undefined }, spec });
}

/** An int64, as upstream reads it: larger than a number holds exactly. What is no number counts as 0. */
export function revisionOf({ metadata }: Pick<ReplicaSet, 'metadata'>): bigint {
  return revisionNumber(metadata?.annotations?.[REVISION]);
}

function revisionNumber(text = ''): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}

/** Copies the deployment's annotations and raises the revision; an older revision of the same set becomes history. */
export function annotate(draft: Draft, deployment: Deployment, revision: bigint): void {
  for (const [name, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!NOT_COPIED.has(name)) draft.annotations[name] = value;
  }
  const old = draft.annotations[REVISION];
  if (old !== undefined && revisionNumber(old) >= revision) return;
  draft.annotations[REVISION] = String(revision);
  if (old === undefined) return;
  const history = (draft.annotations[REVISION_HISTORY] ?? '').split(',').filter(Boolean).concat(old);
  while (history.join(',').length > MAX_HISTORY_LENGTH) history.shift();
  draft.annotations[REVISION_HISTORY] = history.join(',');
}

/** Sets the size, and notes for what size of the deployment it was set. */
export function resize(draft: Draft, replicas: number, deployment: Deployment): void {
  draft.replicas = replicas;
  draft.annotations[DESIRED_REPLICAS] = String(replicasOf(deployment));
  draft.annotations[MAX_REPLICAS] = String(replicasOf(deployment) + fenceposts(deployment).maxSurge);
}

export function noted(replicaSet: Pick<ReplicaSet, 'metadata'>, annotation: string): number | undefined {
  const text = replicaSet.metadata?.annotations?.[annotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export function templateHash({ spec, status }: Deployment): string {
  return nameHash(canonicalJson([spec.template, status?.collisionCount ?? 0]), HASH_LENGTH);
}

export function newReplicaSetName(deployment: Stored<Deployment>): string {
  const hash = templateHash(deployment);
  return `${deployment.metadata.name.slice(0, MAX_NAME_LENGTH - hash.length - 1)}-${hash}`;
}

/** The object of a draft that is to be created. */
export function newReplicaSet(deployment: Stored<Deployment>, draft: Draft): ReplicaSet {
  const { spec, metadata } = deployment;
  const hash = { [TEMPLATE_HASH]: templateHash(deployment) };
  const labels = { ...spec.template.metadata?.labels, ...hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: draft.name,
      namespace: metadata.namespace,
      labels,
      annotations: draft.annotations,
      ownerReferences: [ownerReference({ apiVersion: 'apps/v1', kind: 'Deployment', object: deployment })],
    },
    spec: {
      replicas: draft.replicas,
      minReadySeconds: spec.minReadySeconds,
      selector: { ...spec.selector, matchLabels: { ...spec.selector.matchLabels, ...hash } },
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}
