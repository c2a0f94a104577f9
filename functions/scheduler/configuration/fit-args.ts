import { duplicateValue, required } from '../../../lib/api/causes.ts';
import type { NodeResourcesFitArgs } from '../plugins/node-resources-fit.ts';
import {
  CPU_AND_MEMORY,
  type ScoredResource,
  type ScoringStrategy,
  type ShapePoint,
} from '../plugins/scoring-strategy.ts';
import { type Reading, TYPE_FIELDS } from './reading.ts';

const MAX_WEIGHT = 100;
const MAX_UTILIZATION = 100;
const MAX_SHAPE_SCORE = 10;

/** Source: ValidateNodeResourcesFitArgs. */
export function readFitArgs(args: unknown, path: string, reading: Reading): NodeResourcesFitArgs {
  const fields = ['ignoredResources', 'ignoredResourceGroups', 'scoringStrategy'];
  const read = reading.object(args, path, [...TYPE_FIELDS, ...fields]);
  const texts = (field: string) =>
    reading.list(read[field], `${path}.${field}`).map((item, i) => reading.text(item, `${path}.${field}[${i}]`));
  const ignoredResourceGroups = texts('ignoredResourceGroups');
  ignoredResourceGroups.forEach((group, i) => {
    if (!group.includes('/')) return;
    reading.invalid(`${path}.ignoredResourceGroups[${i}]`, group, "resource group name can't contain '/'");
  });
  return {
    ignoredResources: texts('ignoredResources'),
    ignoredResourceGroups,
    scoringStrategy: readStrategy(read['scoringStrategy'], `${path}.scoringStrategy`, reading),
  };
}

function readStrategy(value: unknown, path: string, reading: Reading): ScoringStrategy {
  const fields = ['type', 'resources', 'requestedToCapacityRatio'];
  const read = reading.object(value, path, fields);
  const types = ['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio'] as const;
  const type = reading.oneOf(read['type'], `${path}.type`, types, 'LeastAllocated');
  const resources = readResources(read['resources'], `${path}.resources`, reading) ?? CPU_AND_MEMORY;
  if (type !== 'RequestedToCapacityRatio') return { type, resources };
  const at = `${path}.requestedToCapacityRatio`;
  const { shape } = reading.object(read['requestedToCapacityRatio'], at, ['shape']);
  return { type, resources, shape: readShape(shape, `${at}.shape`, reading) };
}

/** Undefined: none are named. */
export function readResources(value: unknown, path: string, reading: Reading): ScoredResource[] | undefined {
  const items = reading.list(value, path);
  if (items.length === 0) return undefined;
  const seen = new Set<string>();
  return items.map((item, i) => {
    const at = `${path}[${i}]`;
    const read = reading.object(item, at, ['name', 'weight']);
    const name = reading.text(read['name'], `${at}.name`);
    if (seen.has(name)) reading.causes.push(duplicateValue(`${at}.name`, name));
    seen.add(name);
    // Source: SetDefaults_NodeResourcesFitArgs: a weight of 0 is 1.
    return {
      name,
      weight: reading.whole(read['weight'] || 1, `${at}.weight`, { min: 1, max: MAX_WEIGHT, otherwise: 1 }),
    };
  });
}

/** Source: validateFunctionShape. */
function readShape(value: unknown, path: string, reading: Reading): ShapePoint[] {
  const shape = reading.list(value, path).map((item, i) => {
    const at = `${path}[${i}]`;
    const { utilization, score } = reading.object(item, at, ['utilization', 'score']);
    return {
      utilization: reading.whole(utilization ?? 0, `${at}.utilization`, { min: 0, max: MAX_UTILIZATION, otherwise: 0 }),
      score: reading.whole(score ?? 0, `${at}.score`, { min: 0, max: MAX_SHAPE_SCORE, otherwise: 0 }),
    };
  });
  if (shape.length === 0) reading.causes.push(required(path, 'at least one point must be specified'));
  shape.forEach(({ utilization }, i) => {
    if (i === 0 || utilization > shape[i - 1]!.utilization) return;
    const at = `${path}[${i}].utilization`;
    reading.invalid(at, utilization, 'utilization values must be sorted in increasing order');
  });
  return shape;
}
