import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { decrypt, encrypt } from '../../lib/storage/encryption/gcm.ts';
import type { Kms } from '../../lib/storage/encryption/kms-keys.ts';

/** KMS at its boundary: it really wraps, under material that it alone has and keeps when it rotates, and counts what it was asked. */
export class FakeKms implements Kms {
  readonly #material = new Map<string, Buffer[]>();
  asked = { generate: 0, decrypt: 0 };
  /** What it answers instead. */
  failure: Error | undefined;

  createKey(): string {
    const arn = `arn:aws:kms:us-east-1:111122223333:key/${randomUUID()}`;
    this.#material.set(arn, [randomBytes(32)]);
    return arn;
  }

  rotate(arn: string): void {
    this.#of(arn).unshift(randomBytes(32));
  }

  async generateDataKey(arn: string, context: Readonly<Record<string, string>>) {
    this.asked.generate++;
    if (this.failure) throw this.failure;
    const [newest] = this.#of(arn);
    const key = randomBytes(32);
    return { key, wrapped: Buffer.concat([fingerprint(newest!), encrypt(newest!, key, bound(context))]) };
  }

  async decrypt(arn: string, wrapped: Uint8Array, context: Readonly<Record<string, string>>) {
    this.asked.decrypt++;
    if (this.failure) throw this.failure;
    const material = this.#of(arn).find((one) => fingerprint(one).equals(wrapped.subarray(0, FINGERPRINT_BYTES)));
    if (!material) throw new Error('InvalidCiphertextException');
    return decrypt(material, wrapped.subarray(FINGERPRINT_BYTES), bound(context));
  }

  #of(arn: string): Buffer[] {
    const material = this.#material.get(arn);
    if (!material) throw new Error(`NotFoundException: ${arn}`);
    return material;
  }
}

const FINGERPRINT_BYTES = 4;

function fingerprint(material: Buffer): Buffer {
  return createHash('sha256').update(material).digest().subarray(0, FINGERPRINT_BYTES);
}

function bound(context: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(context).sort());
}
