import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { builtinResources, type ResourceInfo } from '../../lib/api/resources.ts';
import { comparable } from './compare.ts';
import type { Target } from './target.ts';

/** A create, and what is then done to what it made. Without `then` nothing is stored. */
export interface Case {
  readonly name: string;
  readonly create: any;
  readonly then?: readonly Step[];
}

export interface Step {
  /** Of the object or of a subresource. */
  readonly patch?: object;
  readonly subresource?: string;
  /** `json`, `strategic`; default merge. */
  readonly type?: 'json' | 'merge' | 'strategic';
  readonly delete?: object;
  readonly get?: true;
}

export interface CaseFile {
  readonly file: string;
  readonly cases: readonly Case[];
}

export function readCases(folder: string): CaseFile[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => ({ file, cases: parse(readFileSync(join(folder, file), 'utf8')) }));
}

/** Every answer of the case, in order, with what each server makes up left out. */
export async function runCase(target: Target, { create, then }: Case): Promise<unknown[]> {
  const path = collectionPath(create);
  const answers = [await target.send('POST', then ? path : `${path}?dryRun=All`, create)];
  const name = answers[0]!.body?.metadata?.name;
  for (const step of then ?? []) answers.push(await runStep(target, `${path}/${name}`, step));
  if (then && name) await remove(target, `${path}/${name}`);
  return answers.map(comparable);
}

async function runStep(target: Target, path: string, step: Step) {
  const at = step.subresource ? `${path}/${step.subresource}` : path;
  if (step.get) return target.send('GET', at);
  if (step.delete) return target.send('DELETE', at, step.delete);
  const type = step.type ?? 'merge';
  const media = type === 'json' ? 'json-patch' : type === 'strategic' ? 'strategic-merge-patch' : 'merge-patch';
  return target.send('PATCH', at, step.patch, `application/${media}+json`);
}

/** So that cases of one kind may share a name. */
async function remove(target: Target, path: string): Promise<void> {
  await target.send('PATCH', path, { metadata: { finalizers: null } }, 'application/merge-patch+json');
  await target.send('DELETE', path, { gracePeriodSeconds: 0, propagationPolicy: 'Background' });
}

/** kube-apiserver's own controllers write to these while a case runs. */
const WATCHED_KINDS = ['APIService', 'FlowSchema'];

export const isLeftAlone = ({ create }: Case) => !WATCHED_KINDS.includes(create.kind);

/** What clients do with any object: label it, report its status, read it, delete it. */
export function lifeOf({ name, create }: Case): Case {
  const { subresources } = rowOf(create);
  const annotated = { metadata: { annotations: { seen: 'yes' }, labels: { by: 'status' } } };
  const condition = {
    type: 'Seen',
    status: 'True',
    reason: 'Seen',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
  };
  const status: Step[] = subresources.has('status')
    ? [
        { patch: annotated, subresource: 'status' },
        { patch: { status: { conditions: [condition] } }, subresource: 'status' },
        { get: true, subresource: 'status' },
      ]
    : [];
  const then: Step[] = [
    { patch: { metadata: { labels: { by: 'main' }, annotations: { a: 'b' } }, status: { conditions: [condition] } } },
    { patch: [{ op: 'add', path: '/metadata/labels/json', value: 'patch' }], type: 'json' },
    ...status,
    { get: true },
    { patch: { metadata: { resourceVersion: '1' } } },
    // Namespaces refuse this in words of their own.
    ...(create.kind === 'Namespace' ? [] : [{ delete: { preconditions: { uid: 'other' } } }]),
    { delete: { propagationPolicy: 'Background' } },
    { get: true },
  ];
  return { name: `the life of ${name}`, create, then };
}

function collectionPath(object: any): string {
  const row = rowOf(object);
  const root = row.group ? `/apis/${row.group}/${row.version}` : `/api/${row.version}`;
  const scope = row.namespaced ? `/namespaces/${object.metadata.namespace ?? 'default'}` : '';
  return `${root}${scope}/${row.resource}`;
}

function rowOf({ apiVersion, kind }: any): ResourceInfo {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const row = builtinResources.find((info) => info.group === group && info.version === version && info.kind === kind);
  if (!row) throw new Error(`no such kind: ${apiVersion} ${kind}`);
  return row;
}
