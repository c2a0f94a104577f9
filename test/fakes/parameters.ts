import type { Parameters } from '../../lib/cloud/aws/parameters.ts';

/** A Parameter Store that counts writes. */
export class ParametersInMemory implements Parameters {
  readonly values = new Map<string, string>();
  readonly types = new Map<string, string>();
  puts = 0;

  async read(names: readonly string[]) {
    return new Map(names.filter((name) => this.values.has(name)).map((name) => [name, this.values.get(name)!]));
  }
  async readAll() {
    return new Map(this.values);
  }
  async put(name: string, value: string, as: 'String' | 'SecureString') {
    this.puts++;
    this.values.set(name, value);
    this.types.set(name, as);
  }
  async create(name: string, value: string) {
    if (this.values.has(name)) return false;
    this.values.set(name, value);
    return true;
  }
  async remove(names: readonly string[]) {
    for (const name of names) this.values.delete(name);
  }
}
