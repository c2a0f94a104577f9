import { parseQuantity } from '../quantity.ts';
import type { Container, PodSpec } from '../types.ts';

/** Amounts by resource name: cpu in thousandths, everything else in whole units. */
export type Amounts = Map<string, number>;
type Quantities = Readonly<Record<string, unknown>> | undefined;

/** Quantities repeat: the same few texts are asked for all day. */
const MAX_PARSED = 4096;
const parsed = new Map<string, { milli: number; units: number }>();

export function amount(resource: string, quantity: unknown): number {
  const text = String(quantity);
  let known = parsed.get(text);
  if (!known) {
    const value = parseQuantity(text);
    known = { milli: value.milliValue(), units: value.value() };
    if (parsed.size >= MAX_PARSED) parsed.clear();
    parsed.set(text, known);
  }
  return resource === 'cpu' ? known.milli : known.units;
}

export function amounts(quantities: Quantities): Amounts {
  return new Map(Object.entries(quantities ?? {}).map(([name, quantity]) => [name, amount(name, quantity)]));
}

export function add(to: Amounts, more: Amounts): Amounts {
  for (const [name, value] of more) to.set(name, (to.get(name) ?? 0) + value);
  return to;
}

function atLeast(to: Amounts, other: Amounts): Amounts {
  for (const [name, value] of other) to.set(name, Math.max(to.get(name) ?? 0, value));
  return to;
}

/** `of` reads one container's amounts: its requests, its limits, or requests with defaults for scoring. */
export type ContainerAmounts = (container: Container) => Amounts;

export const requestsOf: ContainerAmounts = (container) => amounts(container.resources?.requests);
export const limitsOf: ContainerAmounts = (container) => amounts(container.resources?.limits);

/**
 * What a pod needs at its most: all containers and sidecars together, or an init container beside the sidecars started before it.
 * Source: k8s.io/component-helpers/resource/helpers.go; KEP-753 (sidecars), KEP-2837 (pod-level resources).
 */
export function podAmounts(
  spec: PodSpec,
  of: ContainerAmounts = requestsOf,
  podLevel: Quantities = spec.resources?.requests,
): Amounts {
  const total: Amounts = new Map();
  for (const container of spec.containers) add(total, of(container));
  const sidecars: Amounts = new Map();
  const initPeak: Amounts = new Map();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(sidecars, of(container));
      atLeast(initPeak, sidecars);
    } else {
      atLeast(initPeak, add(new Map(sidecars), of(container)));
    }
  }
  atLeast(add(total, sidecars), initPeak);
  for (const [name, value] of amounts(podLevel)) total.set(name, value);
  return add(total, amounts(spec.overhead));
}
