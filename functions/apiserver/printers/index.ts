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
import { plainRow, type Row, type Rows } from './row.ts';
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

type TableType = Pick<ResourceInfo, 'group' | 'version' | 'resource'> & {
  /** A custom resource's own columns. */
  printerColumns?: readonly PrinterColumn[];
};

/** The content of a meta.k8s.io/v1 Table of these objects, which are all of the type. `now` is in milliseconds. */
export function table(type: TableType, objects: readonly any[], now: number): TableContent {
  if (type.printerColumns) return customTable(type.printerColumns, objects, now);
  const key = `${type.group}/${type.resource}`;
  const row = rows[key];
  const own = row && columns[`${apiVersion(type)}/${type.resource}`];
  const columnDefinitions = own?.map((column) => ({ ...column, description: '' })) ?? plainColumns;
  const cells = objects.map((object) => (own ? row(object, now) : plainRow(object, now)));
  if (key === 'storage.k8s.io/storageclasses') markDefault(cells, objects);
  return { columnDefinitions, rows: cells, conditions: key === '/pods' ? objects.map(podCondition) : [] };
}

function customTable(printed: readonly PrinterColumn[], objects: readonly any[], now: number): TableContent {
  const row: Row = customRow(printed);
  return { columnDefinitions: customColumns(printed), rows: objects.map((o) => row(o, now)), conditions: [] };
}

function markDefault(cells: unknown[][], objects: readonly any[]): void {
  const at = objects.indexOf(defaultStorageClass(objects));
  if (at >= 0) cells[at]![0] += ' (default)';
}
