import columnData from '../../../lib/api/data/table-columns.json' with { type: 'json' };
import { apiVersion, type ResourceInfo } from '../../../lib/api/resources.ts';
import { appsRows } from './apps.ts';
import { autoscalingRows } from './autoscaling.ts';
import { batchRows } from './batch.ts';
import { clusterRows } from './cluster.ts';
import { coreRows } from './core.ts';
import { customColumns, customRow, type PrinterColumn } from './custom.ts';
import { eventRow } from './events.ts';
import { networkingRows } from './networking.ts';
import { podCondition } from './pods.ts';
import { policyRows } from './policies.ts';
import { rbacRows } from './rbac.ts';
import { type AgingCell, plainRow, type Row, type Rows } from './row.ts';
import { defaultStorageClass, storageRows } from './storage.ts';

/** metav1.TableColumnDefinition. */
export interface ColumnDefinition {
  name: string;
  type: string;
  format: string;
  description: string;
  priority: number;
}

export interface TableContent {
  columnDefinitions: readonly ColumnDefinition[];
  /** The cells of each object, in the objects' order. */
  rows: unknown[][];
  /** Row conditions: finished pods are marked. */
  conditions: (object[] | undefined)[];
}

const rows: Rows = {
  ...coreRows,
  ...appsRows,
  ...autoscalingRows,
  ...batchRows,
  ...clusterRows,
  ...networkingRows,
  ...policyRows,
  ...rbacRows,
  ...storageRows,
  'events.k8s.io/events': eventRow,
};

const columns = columnData as Readonly<Record<string, readonly Omit<ColumnDefinition, 'description'>[]>>;

/** What kinds without a printer show. Source: k8s.io/apiserver/pkg/registry/rest/table.go. */
const plainColumns: readonly ColumnDefinition[] = [
  { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 },
  { name: 'Created At', type: 'date', format: '', description: '', priority: 0 },
];

export type TableType = Pick<ResourceInfo, 'group' | 'version' | 'resource'> & {
  /** A custom resource's own columns. */
  printerColumns?: readonly PrinterColumn[];
};

/** How the objects of one type are shown, each on its own. */
export interface Printer {
  columnDefinitions: readonly ColumnDefinition[];
  row: Row;
  condition(object: any): object[] | undefined;
}

const NO_CONDITION = () => undefined;

export function printerOf(type: TableType): Printer {
  const { printerColumns: printed } = type;
  if (printed) return { columnDefinitions: customColumns(printed), row: customRow(printed), condition: NO_CONDITION };
  const key = resourceKey(type);
  const row = rows[key];
  const own = row && columns[`${apiVersion(type)}/${type.resource}`];
  return {
    columnDefinitions: own?.map((column) => ({ ...column, description: '' })) ?? plainColumns,
    row: own ? row : plainRow,
    condition: key === '/pods' ? podCondition : NO_CONDITION,
  };
}

/** The content of a meta.k8s.io/v1 Table of these objects, which are all of the type. `now` is in milliseconds. */
export function table(type: TableType, objects: readonly any[], now: number): TableContent {
  const { columnDefinitions, row, condition } = printerOf(type);
  const cells = objects.map((object) => row(object).map((cell) => cellAt(cell, now)));
  if (!printsEachAlone(type)) markDefault(cells, objects);
  return { columnDefinitions, rows: cells, conditions: objects.map(condition) };
}

function cellAt(cell: unknown, now: number): unknown {
  return typeof cell === 'function' ? (cell as AgingCell)(now) : cell;
}

/** Only of StorageClasses one row depends on the others: the default class is marked. */
export function printsEachAlone(type: TableType): boolean {
  return resourceKey(type) !== 'storage.k8s.io/storageclasses';
}

function resourceKey({ group, resource }: TableType): string {
  return `${group}/${resource}`;
}

function markDefault(cells: unknown[][], objects: readonly any[]): void {
  const at = objects.indexOf(defaultStorageClass(objects));
  if (at >= 0) cells[at]![0] += ' (default)';
}
