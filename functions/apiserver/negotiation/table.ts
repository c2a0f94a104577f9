import type { KubeObject } from '../../../lib/api/object.ts';
import { badRequest } from '../../../lib/api/status.ts';
import { table } from '../printers/index.ts';
import type { Call } from '../registry/call.ts';
import type { ResourceType } from '../registry/resource-table.ts';
import { partialObject } from './partial.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** What each row carries of its object; metadata unless asked otherwise. Source: metav1.TableOptions. */
export function includeObject(query: URLSearchParams): IncludeObject {
  const asked = query.get('includeObject') || 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  const why = `includeObject: Invalid value: ${JSON.stringify(asked)}: must be 'Metadata', 'Object', 'None', or empty`;
  throw badRequest(`Unable to convert to Table as requested: ${why}`);
}

export interface TableRow {
  cells: unknown[];
  conditions?: object[];
  object: object | null;
}

export interface Table {
  kind: 'Table';
  apiVersion: string;
  metadata: object;
  columnDefinitions: unknown[];
  rows: TableRow[];
}

/** What `kubectl get` prints. */
export function tableOf(call: Call, objects: KubeObject[], metadata: object, include: IncludeObject): Table {
  const version = call.output.transform?.version ?? 'v1';
  const { columnDefinitions, rows, conditions } = table(printed(call.type), objects, call.server.clock.now());
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: objects.length === 1 && Object.keys(metadata).length === 0 ? versionOf(objects[0]!) : metadata,
    columnDefinitions: [...columnDefinitions],
    rows: rows.map((cells, i) => rowOf(cells, conditions[i], rowObject(objects[i]!, include, version))),
  };
}

export function printed(type: ResourceType) {
  return type.custom ? { ...type, printerColumns: type.custom.printerColumns } : type;
}

function versionOf(object: KubeObject): object {
  return { resourceVersion: object.metadata?.resourceVersion };
}

function rowOf(cells: unknown[], conditions: object[] | undefined, object: object | null): TableRow {
  return conditions ? { cells, conditions, object } : { cells, object };
}

export function rowObject(object: KubeObject, include: IncludeObject, version: string): object | null {
  if (include === 'None') return null;
  return include === 'Object' ? object : partialObject(object, version);
}
