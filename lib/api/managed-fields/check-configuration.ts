import type { KubeObject } from '../object.ts';
import type { GroupVersionKind } from '../resources.ts';
import { apiVersion } from '../resources.ts';
import { badRequest, StatusError } from '../status.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { fieldElement, itemElement, pathText } from './path-element.ts';

/**
 * A configuration must fit the schema before its fields can be owned. Faults are worded, and answered, as
 * structured-merge-diff/typed/validate.go and managedfields/internal/structuredmerge.go have them.
 */
export function checkConfiguration(applied: KubeObject, type: FieldType, gvk: GroupVersionKind): void {
  const version = applied.apiVersion ?? '';
  if (version !== apiVersion(gvk)) {
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${version}, expected: ${apiVersion(gvk)}`,
    );
  }
  if (applied.metadata?.managedFields !== undefined && applied.metadata.managedFields !== null) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const faults = faultsOf(applied, type, []);
  if (faults.length === 0) return;
  const { namespace = '', name = '' } = applied.metadata ?? {};
  const subject = `${namespace}/${name}; ${gvk.group}/${gvk.version}, Kind=${gvk.kind}`;
  const list = faults.length === 1 ? faults[0] : `errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
  throw new StatusError(500, '', `failed to create typed patch object (${subject}): ${list}`);
}

function faultsOf(value: unknown, type: FieldType, path: string[]): string[] {
  if (value === null || value === undefined) return [];
  switch (type.kind) {
    case 'map':
      return mapFaults(value, type, path);
    case 'list':
      return listFaults(value, type, path);
    case 'scalar':
      return scalarFault(value, type.scalar, path);
  }
}

function mapFaults(value: unknown, type: MapType, path: string[]): string[] {
  if (type.field('') === undefined && !Object.keys(value as object).some((name) => type.field(name)) && type.atomic)
    return [];
  if (typeof value !== 'object' || Array.isArray(value))
    return [`${pathText(path)}: expected map, got ${shown(value)}`];
  return Object.entries(value as object).flatMap(([name, member]) => {
    const at = [...path, fieldElement(name)];
    const field = type.field(name);
    return field ? faultsOf(member, field, at) : [`${pathText(at)}: field not declared in schema`];
  });
}

function listFaults(value: unknown, type: ListType, path: string[]): string[] {
  if (!Array.isArray(value)) return [`${pathText(path)}: expected list, got ${shown(value)}`];
  const seen = new Set<string>();
  return value.flatMap((item, index) => {
    if (type.relation === 'atomic') return faultsOf(item, type.item(), [...path, `i:${index}`]);
    const element = itemElement(type, item);
    if (element === undefined) return [`${pathText(path)}: element ${index}: ${keyFault(type, item)}`];
    const twice = seen.has(element) ? [`${pathText(path)}: duplicate entries for key ${pathText([element])}`] : [];
    seen.add(element);
    return [...twice, ...faultsOf(item, type.item(), [...path, element])];
  });
}

function keyFault(type: ListType, item: unknown): string {
  if (type.relation === 'set') {
    return item === null
      ? "associative list without keys has an element that's an explicit null"
      : "associative list without keys has an element that's a map type";
  }
  if (item === null) return 'associative list with keys may not have a null element';
  if (typeof item !== 'object' || Array.isArray(item))
    return 'associative list with keys may not have non-map elements';
  const keys = type.sortedKeys.map((key) => JSON.stringify(key)).join(' ');
  return `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`;
}

function scalarFault(value: unknown, scalar: string, path: string[]): string[] {
  if (scalar === 'any' ? typeof value !== 'object' : typeof value === scalar) return [];
  const at = pathText(path);
  switch (scalar) {
    case 'number':
      return [`${at}: expected numeric (int or float), got ${goType(value)}`];
    case 'string':
      return [`${at}: expected string, got &value.valueUnstructured{Value:${JSON.stringify(value)}}`];
    case 'boolean':
      return [`${at}: expected boolean, got ${shown(value)}`];
  }
  return [`${at}: expected any scalar, got ${shown(value)}`];
}

function goType(value: unknown): string {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

function shown(value: unknown): string {
  return `&{${typeof value === 'object' ? JSON.stringify(value) : String(value)}}`;
}
