import { parseQuantity, type Quantity } from './quantity.ts';
import type { Container, PodSpec } from './types.ts';

/** A ResourceList with its quantities parsed, exact: their text lands in messages and in a quota's status. */
export type Quantities = Map<string, Quantity>;

export function quantities(given: Readonly<Record<string, string>> | undefined): Quantities {
  return new Map(Object.entries(given ?? {}).map(([name, text]) => [name, parseQuantity(String(text))]));
}

export function addTo(total: Quantities, more: Quantities): Quantities {
  for (const [name, quantity] of more) total.set(name, total.get(name)?.add(quantity) ?? quantity);
  return total;
}

export function atLeast(total: Quantities, other: Quantities): Quantities {
  for (const [name, quantity] of other) {
    const present = total.get(name);
    if (!present || quantity.compare(present) > 0) total.set(name, quantity);
  }
  return total;
}

export type Side = 'requests' | 'limits';

/**
 * A pod's requests or limits at their most: containers and sidecars together, or an init container beside the sidecars that
 * run before it; what the pod itself says wins. Source: k8s.io/component-helpers/resource/helpers.go
 */
export function podQuantities(spec: PodSpec, side: Side): Quantities {
  const of = (container: Container) => quantities(container.resources?.[side]);
  const total: Quantities = new Map();
  const sidecars: Quantities = new Map();
  const initPeak: Quantities = new Map();
  for (const container of spec.containers) addTo(total, of(container));
  for (const container of spec.initContainers ?? []) {
    const restarts = container.restartPolicy === 'Always';
    atLeast(initPeak, restarts ? addTo(sidecars, of(container)) : addTo(new Map(sidecars), of(container)));
  }
  atLeast(addTo(total, sidecars), initPeak);
  for (const [name, quantity] of quantities(spec.resources?.[side])) total.set(name, quantity);
  return total;
}

/** As a status holds it. */
export function toResourceList(from: Quantities): Record<string, string> {
  return Object.fromEntries([...from].map(([name, quantity]) => [name, quantity.toString()]));
}

/** Only these names. */
export function mask(from: Quantities, keep: (name: string) => boolean): Quantities {
  return new Map([...from].filter(([name]) => keep(name)));
}

/** `cpu=1,memory=2Gi` */
export function describeQuantities(from: Quantities): string {
  const names = [...from.keys()].sort();
  return names.map((name) => `${name}=${from.get(name)}`).join(',');
}
