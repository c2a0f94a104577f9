/**
 * A path into an object: `spec.containers[0].env[KEY]`. Made eagerly on the way down, written out only when something is wrong.
 * Source: k8s.io/apimachinery/pkg/util/validation/field/path.go.
 */
export class FieldPath {
  readonly #text: string;
  readonly #isName: boolean;
  readonly #parent: FieldPath | undefined;

  private constructor(text: string, isName: boolean, parent: FieldPath | undefined) {
    this.#text = text;
    this.#isName = isName;
    this.#parent = parent;
  }

  /** `FieldPath.of('spec', 'template')` is `spec.template`. */
  static of(name: string, ...more: string[]): FieldPath {
    return new FieldPath(name, true, undefined).child(...more);
  }

  child(...names: string[]): FieldPath {
    return names.reduce<FieldPath>((path, name) => new FieldPath(name, true, path), this);
  }

  index(position: number): FieldPath {
    return new FieldPath(`[${position}]`, false, this);
  }

  /** A map's key, or a list item's: `labels[app]`. */
  key(key: string): FieldPath {
    return new FieldPath(`[${key}]`, false, this);
  }

  toString(): string {
    if (!this.#parent) return this.#text;
    return this.#isName ? `${this.#parent}.${this.#text}` : `${this.#parent}${this.#text}`;
  }
}

/** Where a fault is: a path, or its text. */
export type Field = FieldPath | string;
