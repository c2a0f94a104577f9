import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import type { Kms } from '../../storage/encryption/kms-keys.ts';

/** To be imported late: only clusters with a key of their own need KMS' client. */
export function awsKms(client = new KMSClient({})): Kms {
  return {
    async generateDataKey(KeyId, context) {
      const input = { KeyId, KeySpec: 'AES_256', EncryptionContext: { ...context } } as const;
      const { Plaintext, CiphertextBlob } = await client.send(new GenerateDataKeyCommand(input));
      return { key: Plaintext!, wrapped: CiphertextBlob! };
    },
    async decrypt(KeyId, CiphertextBlob, context) {
      const input = { KeyId, CiphertextBlob, EncryptionContext: { ...context } };
      return (await client.send(new DecryptCommand(input))).Plaintext!;
    },
  };
}
