import { GetKeyRotationStatusCommand, KMSClient, RotateKeyOnDemandCommand } from '@aws-sdk/client-kms';

/** To be imported late. Rotation on demand leaves the yearly one as it is; KMS does it 25 times for a key. */
export function kmsRotation(client = new KMSClient({})) {
  return {
    async begin(KeyId: string): Promise<void> {
      try {
        await client.send(new RotateKeyOnDemandCommand({ KeyId }));
      } catch (error) {
        // One is on its way already.
        if ((error as Error).name !== 'ConflictException') throw error;
      }
    },
    async isRunning(KeyId: string): Promise<boolean> {
      return (await client.send(new GetKeyRotationStatusCommand({ KeyId }))).OnDemandRotationStartDate !== undefined;
    },
  };
}
