import { invalidValue } from '../../../../lib/api/causes.ts';
import type { Cause } from '../../../../lib/api/status.ts';

/** Paths inside volumes must not climb out of them. Source: k8s.io/kubernetes/pkg/apis/core/validation. */
export function checkNoBacksteps(causes: Cause[], target: string, field: string): void {
  if (hasBacksteps(target)) causes.push(invalidValue(field, target, "must not contain '..'"));
}

export function hasBacksteps(target: string): boolean {
  return target.includes('..') && target.split('/').includes('..');
}

export function checkLocalDescendingPath(causes: Cause[], target: string, field: string): void {
  if (target.startsWith('/')) causes.push(invalidValue(field, target, 'must be a relative path'));
  checkNoBacksteps(causes, target, field);
}

/** Names that start with two dots are the atomic writer's own. */
export function checkLocalNonReservedPath(causes: Cause[], target: string, field: string): void {
  checkLocalDescendingPath(causes, target, field);
  if (target.startsWith('..') && !target.startsWith('../')) {
    causes.push(invalidValue(field, target, "must not start with '..'"));
  }
}
