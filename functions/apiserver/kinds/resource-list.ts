import { canonicalQuantity, parseQuantity, QuantityError } from '../../../lib/api/quantity.ts';
import type { ResourceRequirements } from '../../../lib/api/types.ts';

export type ResourceList = Record<string, string>;

/**
 * Writes every quantity in its canonical form, as decoding and encoding does upstream, and rounds up to thousandths.
 * What is no quantity stays as it is: decoding has refused it before.
 */
export function canonicalizeResources(list: ResourceList | undefined): void {
  for (const name in list) {
    canonicalizeQuantity(list, name);
    list[name] = roundedToMilli(list[name]!);
  }
}

/** The quantity in that field, if there is one. */
export function canonicalizeQuantity<K extends string>(holder: { [key in K]?: string | undefined }, field: K): void {
  const text = holder[field];
  if (text === undefined) return;
  try {
    holder[field] = canonicalQuantity(text);
  } catch (error) {
    if (!(error instanceof QuantityError)) throw error;
  }
}

/** A quantity that is not a pointer upstream: always written, zero when unset. */
export function defaultDivisor(selector: { divisor?: string | undefined }): void {
  selector.divisor ??= '0';
  canonicalizeQuantity(selector, 'divisor');
}

/** Only the suffixes u and n can be finer than a thousandth. Source: SetDefaults_ResourceList. */
function roundedToMilli(text: string): string {
  return /[un]$/.test(text) ? parseQuantity(text).roundUp(-3).toString() : text;
}

export function canonicalizeRequirements(requirements: ResourceRequirements | undefined): void {
  canonicalizeResources(requirements?.limits);
  canonicalizeResources(requirements?.requests);
}
