import { type Amounts, amounts, podAmounts } from '../../../lib/api/scheduling/pod-requests.ts';
import type { Container, PodSpec } from '../../../lib/api/types.ts';

export interface TaskSize {
  cpuUnits: number;
  memoryMiB: number;
  ephemeralStorageGiB?: number;
}

const GIB = 1024;
const MIB_BYTES = 1024 ** 2;
const GIB_BYTES = 1024 ** 3;
const UNITS_PER_CORE = 1024;

/** Processor, and the memory that may go with it: from, to, in steps of. Source: "Task CPU and memory" of the ECS developer guide. */
const SIZES: readonly (readonly [number, number, number, number])[] = [
  [512, 1 * GIB, 4 * GIB, 1 * GIB],
  [1024, 2 * GIB, 8 * GIB, 1 * GIB],
  [2048, 4 * GIB, 16 * GIB, 1 * GIB],
  [4096, 8 * GIB, 30 * GIB, 1 * GIB],
  [8192, 16 * GIB, 60 * GIB, 4 * GIB],
  [16384, 32 * GIB, 120 * GIB, 8 * GIB],
];
/** The smallest has no even steps. */
const SMALLEST_UNITS = 256;
const SMALLEST_MEMORY = [512, 1 * GIB, 2 * GIB];

export const MAX_CPU = '16';
export const MAX_MEMORY = '120Gi';
/** Every task has so much without asking. */
const FREE_STORAGE_GIB = 20;
/** Less beyond what is free cannot be asked for. */
const MIN_STORAGE_GIB = 21;
export const MAX_STORAGE_GIB = 200;

/** The smallest task that takes the pod; undefined: there is none. */
export function taskSize(spec: PodSpec): TaskSize | undefined {
  const needs = podNeeds(spec);
  const size = fitting(needs.cpuUnits, needs.memoryMiB);
  if (!size || needs.storageGiB > MAX_STORAGE_GIB) return undefined;
  if (needs.storageGiB <= FREE_STORAGE_GIB) return size;
  return { ...size, ephemeralStorageGiB: Math.max(MIN_STORAGE_GIB, needs.storageGiB) };
}

function fitting(cpuUnits: number, memoryMiB: number): TaskSize | undefined {
  const small = SMALLEST_MEMORY.find((size) => size >= memoryMiB);
  if (cpuUnits <= SMALLEST_UNITS && small) return { cpuUnits: SMALLEST_UNITS, memoryMiB: small };
  const found = SIZES.find(([units, , most]) => units >= cpuUnits && most >= memoryMiB);
  if (!found) return undefined;
  const [units, least, , step] = found;
  const steps = Math.ceil(Math.max(0, memoryMiB - least) / step);
  return { cpuUnits: units, memoryMiB: least + steps * step };
}

/** A container may use its memory limit, so the task has it; a limit on the processor promises nothing. */
function podNeeds(spec: PodSpec): { cpuUnits: number; memoryMiB: number; storageGiB: number } {
  const podLevel = spec.resources && {
    ...spec.resources.requests,
    ...(spec.resources.limits?.['memory'] !== undefined && { memory: spec.resources.limits['memory'] }),
  };
  const needs = podAmounts(spec, containerNeeds, podLevel);
  return {
    cpuUnits: units(needs.get('cpu') ?? 0),
    memoryMiB: Math.ceil((needs.get('memory') ?? 0) / MIB_BYTES),
    storageGiB: Math.ceil((needs.get('ephemeral-storage') ?? 0) / GIB_BYTES),
  };
}

export function containerNeeds({ resources }: Pick<Container, 'resources'>): Amounts {
  const requests = amounts(resources?.requests);
  const limits = amounts(resources?.limits);
  const cpu = requests.get('cpu') ?? limits.get('cpu');
  const needs = new Map([...requests, ...limits]);
  if (cpu !== undefined) needs.set('cpu', cpu);
  return needs;
}

/** 1024 are one core. */
export function units(milliCpus: number): number {
  return Math.ceil((milliCpus * UNITS_PER_CORE) / 1000);
}
