import { forbiddenField, invalidValue, notSupported, required, typeInvalid } from '../../../lib/api/causes.ts';
import type { Cause } from '../../../lib/api/status.ts';

/** Each `args` may say its own type. */
export const TYPE_FIELDS = ['apiVersion', 'kind'];

export type Fields = Readonly<Record<string, unknown>>;

/** Reads a configuration field by field, as strictly as kube-scheduler decodes its own: what is wrong is collected with its place. */
export class Reading {
  readonly causes: Cause[] = [];

  /** An object that may hold these fields and no others. */
  object(value: unknown, path: string, known: readonly string[]): Fields {
    if (value === undefined || value === null) return {};
    if (typeof value !== 'object' || Array.isArray(value)) return this.#wrongType(value, path, 'an object', {});
    for (const field of Object.keys(value)) {
      if (!known.includes(field)) this.causes.push(forbiddenField(join(path, field), 'unknown field'));
    }
    return value as Fields;
  }

  list(value: unknown, path: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    return Array.isArray(value) ? value : this.#wrongType(value, path, 'a list', []);
  }

  /** Absent and empty are the same: it is missing. */
  text(value: unknown, path: string): string {
    if (value === undefined || value === null || value === '') this.causes.push(required(path));
    else if (typeof value === 'string') return value;
    else this.#wrongType(value, path, 'a string', '');
    return '';
  }

  boolean(value: unknown, path: string, otherwise: boolean): boolean {
    if (value === undefined || value === null) return otherwise;
    return typeof value === 'boolean' ? value : this.#wrongType(value, path, 'true or false', otherwise);
  }

  whole(
    value: unknown,
    path: string,
    { min, max, otherwise }: { min: number; max: number; otherwise: number },
  ): number {
    if (value === undefined || value === null) return otherwise;
    if (!Number.isInteger(value)) return this.#wrongType(value, path, 'a whole number', otherwise);
    const number = value as number;
    if (number < min || number > max) this.invalid(path, number, `not in valid range [${min}-${max}]`);
    return number;
  }

  oneOf<T extends string>(value: unknown, path: string, supported: readonly T[], otherwise: T): T {
    if (value === undefined || value === null || value === '') return otherwise;
    if (supported.includes(value as T)) return value as T;
    this.causes.push(notSupported(path, value, supported));
    return otherwise;
  }

  invalid(path: string, value: unknown, detail: string): void {
    this.causes.push(invalidValue(path, value, detail));
  }

  #wrongType<T>(value: unknown, path: string, wanted: string, otherwise: T): T {
    this.causes.push(typeInvalid(path, value, `must be ${wanted}`));
    return otherwise;
  }
}

function join(path: string, field: string): string {
  return path === '' ? field : `${path}.${field}`;
}
