import type { KubeObject, Stored } from '../../../lib/api/object.ts';
import { uncovered } from '../authorization/covers.ts';

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/**
 * A stored object as it should be, or undefined when nothing is missing. What an administrator added stays.
 * Source: k8s.io/component-helpers/auth/rbac/reconciliation.
 */
export type Reconcile = (stored: Stored<KubeObject>, expected: KubeObject) => KubeObject | undefined;

export const keep: Reconcile = () => undefined;

export const reconcileRole: Reconcile = (stored, expected) => {
  if (isLeftAlone(stored)) return undefined;
  const missing = uncovered(stored['rules'] ?? [], expected['rules'] ?? []);
  const selectors = missingSelectors(stored, expected);
  const metadata = mergedMetadata(stored, expected);
  if (missing.length === 0 && selectors.length === 0 && !metadata) return undefined;
  const result: KubeObject = { ...stored, metadata: metadata ?? stored.metadata };
  if (missing.length) result['rules'] = [...(stored['rules'] ?? []), ...missing];
  if (selectors.length) result['aggregationRule'] = { clusterRoleSelectors: [...selectorsOf(stored), ...selectors] };
  return result;
};

/** A binding to another role is replaced: roleRef cannot change. The name stays, so the object does. */
export const reconcileBinding: Reconcile = (stored, expected) => {
  if (isLeftAlone(stored)) return undefined;
  const subjects: object[] = stored['subjects'] ?? [];
  const missing = (expected['subjects'] ?? []).filter((subject: object) => !subjects.some((own) => same(own, subject)));
  const metadata = mergedMetadata(stored, expected);
  const retarget = !same(stored['roleRef'], expected['roleRef']);
  if (missing.length === 0 && !metadata && !retarget) return undefined;
  return {
    ...stored,
    metadata: metadata ?? stored.metadata,
    roleRef: expected['roleRef'],
    subjects: [...subjects, ...missing],
  };
};

/** Flow control objects follow the release unless their annotation says otherwise (KEP-1040). */
export const reconcileSpec: Reconcile = (stored, expected) => {
  if (stored.metadata.annotations?.['apf.kubernetes.io/autoupdate-spec'] !== 'true') return undefined;
  return same(stored['spec'], expected['spec']) ? undefined : { ...stored, spec: expected['spec'] };
};

/** What the apiserver alone writes. */
export const replaceContent: Reconcile = (stored, expected) => {
  const { apiVersion: _v, kind: _k, metadata: _m, ...content } = expected;
  const changed = Object.keys(content).some((field) => !same(stored[field], content[field]));
  return changed ? { ...stored, ...content } : undefined;
};

function isLeftAlone(stored: Stored<KubeObject>): boolean {
  return stored.metadata.annotations?.[AUTO_UPDATE] === 'false';
}

/** Undefined: every expected label and annotation is there, whatever its value. */
function mergedMetadata(stored: Stored<KubeObject>, expected: KubeObject): KubeObject['metadata'] | undefined {
  const { labels, annotations } = expected.metadata ?? {};
  const lacks = (have: object = {}, want: object = {}) => Object.keys(want).some((key) => !(key in have));
  if (!lacks(stored.metadata.labels, labels) && !lacks(stored.metadata.annotations, annotations)) return undefined;
  return {
    ...stored.metadata,
    labels: { ...labels, ...stored.metadata.labels },
    annotations: { ...annotations, ...stored.metadata.annotations },
  };
}

function missingSelectors(stored: KubeObject, expected: KubeObject): object[] {
  return selectorsOf(expected).filter((selector) => !selectorsOf(stored).some((own) => same(own, selector)));
}

function selectorsOf(role: KubeObject): object[] {
  return role['aggregationRule']?.clusterRoleSelectors ?? [];
}

/** Same JSON whatever the order of keys. */
function same(left: any, right: any): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || !left || !right) return false;
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => same(left[key], right[key]));
}
