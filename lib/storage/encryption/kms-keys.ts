import { DecryptCommand, GenerateDataKeyCommand, type KMSClient } from '@aws-sdk/client-kms';
import type { Clock } from '../../runtime/clock.ts';
import { type DataKey, KeyError, type Keys } from './keys.ts';

/** A data key is used for so long and for so many values: each new one is a request to KMS, 3 cents for 10,000. */
const DATA_KEY_MS = 5 * 60_000;
const DATA_KEY_USES = 1_000;
/** Data keys that were unwrapped, so that a list of Secrets asks KMS once for each of them. */
const MAX_UNWRAPPED = 1_000;

/** Data keys wrapped by a customer managed key, which never leaves KMS. `keyArn`: `arn:aws:kms:REGION:ACCOUNT:key/ID`. */
export function kmsKeys(kms: KMSClient, keyArn: string, clock: Clock): Keys {
  const name = nameOf(keyArn);
  const unwrapped = new Map<string, Promise<Uint8Array>>();
  let current: { key: Promise<DataKey>; at: number; uses: number } | undefined;

  const generate = async (): Promise<DataKey> => {
    const answer = await kms.send(
      new GenerateDataKeyCommand({ KeyId: keyArn, KeySpec: 'AES_256', EncryptionContext: context(name) }),
    );
    return { key: answer.Plaintext!, wrapped: answer.CiphertextBlob! };
  };

  const decrypt = async (keyName: string, wrapped: Uint8Array): Promise<Uint8Array> => {
    const KeyId = keyArn.replace(/[^/]*$/, keyName);
    const input = { KeyId, CiphertextBlob: wrapped, EncryptionContext: context(keyName) };
    const answer = await kms.send(new DecryptCommand(input)).catch((cause) => {
      throw new KeyError(`KMS does not unwrap with ${keyName}`, cause);
    });
    return answer.Plaintext!;
  };

  return {
    async writer() {
      const isWorn = !current || clock.now() - current.at >= DATA_KEY_MS || current.uses >= DATA_KEY_USES;
      if (isWorn) current = { key: generate(), at: clock.now(), uses: 0 };
      const using = current!;
      const key = await using.key.catch((cause) => {
        if (current === using) current = undefined;
        throw new KeyError(`KMS gives no data key of ${name}`, cause);
      });
      return {
        name,
        dataKey() {
          using.uses++;
          return key;
        },
      };
    },
    unwrap(keyName, wrapped) {
      const id = `${keyName} ${Buffer.from(wrapped).toString('base64')}`;
      const known = unwrapped.get(id);
      if (known) return known;
      const opening = decrypt(keyName, wrapped);
      if (unwrapped.size >= MAX_UNWRAPPED) unwrapped.delete(unwrapped.keys().next().value!);
      unwrapped.set(id, opening);
      opening.catch(() => unwrapped.delete(id));
      return opening;
    },
  };
}

/** KMS, "Encryption context": bound to the wrapped key, and seen in CloudTrail. */
function context(keyName: string): Record<string, string> {
  return { 'zeroplane:key': keyName };
}

function nameOf(keyArn: string): string {
  const name = /:key\/([A-Za-z0-9-]+)$/.exec(keyArn)?.[1];
  if (!name) throw new TypeError(`${keyArn} is no ARN of a KMS key`);
  return name;
}
