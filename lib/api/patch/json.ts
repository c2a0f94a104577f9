import { badRequest, StatusError } from '../status.ts';

/**
 * JSON Patch (RFC 6902) as kube-apiserver applies it: a replace or copy of a member that is not there is let pass.
 * Source: gopkg.in/evanphx/json-patch.v4, which handlers/patch.go uses. The document given is not changed.
 */
export interface JsonPatchOperation {
  op?: string;
  path?: string;
  from?: string;
  value?: unknown;
}

/** kube-apiserver answers every operation that does not apply with the same words. */
function rejected(cause?: string): StatusError {
  const message = 'the server rejected our request due to an error in our request';
  return new StatusError(422, 'Invalid', message, {}, { cause });
}

export function applyJsonPatch(document: unknown, operations: unknown): unknown {
  if (!Array.isArray(operations)) {
    throw badRequest(
      'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
  }
  return operations.reduce(applyOperation, document);
}

function applyOperation(document: unknown, operation: JsonPatchOperation): unknown {
  const path = pointer(operation.path);
  const value = operation.value ?? null;
  switch (operation.op) {
    case 'add':
      return edit(document, path, (parent, key) => add(parent, key, value));
    case 'remove':
      return edit(document, path, remove);
    case 'replace':
      return edit(document, path, (parent, key) => setMember(parent, key, value));
    case 'move':
      return move(document, pointer(operation.from), path);
    case 'copy':
      return copy(document, pointer(operation.from), path);
    case 'test':
      if (!sameJson(read(document, path) ?? null, value)) throw rejected(`testing value ${operation.path} failed`);
      return document;
    default:
      throw rejected(`unexpected kind: ${operation.op}`);
  }
}

function move(document: unknown, from: string[], path: string[]): unknown {
  const value = read(document, from);
  return edit(edit(document, from, remove), path, (parent, key) => add(parent, key, value));
}

function copy(document: unknown, from: string[], path: string[]): unknown {
  const value = read(document, from) ?? null;
  return edit(document, path, (parent, key) => add(parent, key, value));
}

/** RFC 6901. */
function pointer(text: string | undefined): string[] {
  if (typeof text !== 'string' || (text !== '' && !text.startsWith('/'))) throw rejected(`bad pointer ${text}`);
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

type Container = Record<string, unknown> | unknown[];

/** Copies the containers on the way to the one that holds the last key, and changes that copy. */
function edit(node: unknown, path: readonly string[], change: (parent: Container, key: string) => void): unknown {
  const [key, ...rest] = path;
  if (key === undefined) throw rejected('the whole document cannot be changed');
  if (!isContainer(node)) throw rejected(`nothing at ${key}`);
  const changed: Container = Array.isArray(node) ? [...node] : { ...node };
  if (rest.length === 0) change(changed, key);
  else setMember(changed, key, edit(member(node, key), rest, change));
  return changed;
}

function read(node: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key, depth) => {
    if (!isContainer(at)) throw rejected(`nothing at ${path.slice(0, depth).join('/')}`);
    return member(at, key);
  }, node);
}

function member(container: Container, key: string): unknown {
  if (Array.isArray(container)) return container[position(container, key, container.length - 1)];
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function setMember(container: Container, key: string, value: unknown): void {
  if (Array.isArray(container)) container[position(container, key, container.length - 1)] = value;
  else Object.defineProperty(container, key, { value, enumerable: true, configurable: true, writable: true });
}

function add(parent: Container, key: string, value: unknown): void {
  if (!Array.isArray(parent)) setMember(parent, key, value);
  else parent.splice(key === '-' ? parent.length : position(parent, key, parent.length), 0, value);
}

function remove(parent: Container, key: string): void {
  if (Array.isArray(parent)) parent.splice(position(parent, key, parent.length - 1), 1);
  else if (Object.hasOwn(parent, key)) delete parent[key];
  else throw rejected(`unable to remove nonexistent key: ${key}`);
}

/** Negative positions count from the end, as json-patch.v4 has it. */
function position(list: readonly unknown[], key: string, last: number): number {
  const index = /^-?(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN;
  const at = index < 0 ? index + last + 1 : index;
  if (!(at >= 0 && at <= last)) throw rejected(`no position ${key} in a list of ${list.length}`);
  return at;
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) && sameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
