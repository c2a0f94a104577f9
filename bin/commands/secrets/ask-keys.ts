import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { KeysRequest, RingView } from '../../../lib/cloud/aws/keys-function.ts';
import { ClusterError } from '../../../lib/cluster/error.ts';

/** The function keys changes the ring, so that no secret leaves AWS, and nobody but it needs rights for the parameter. */
export async function askKeys(lambda: LambdaClient, name: string, request: KeysRequest): Promise<RingView> {
  const Payload = JSON.stringify(request);
  const { FunctionError, Payload: answer } = await lambda
    .send(new InvokeCommand({ FunctionName: name, Payload }))
    .catch((cause: Error) => {
      throw new ClusterError(`the function ${name} cannot be asked: ${cause.message}`, 1, { cause });
    });
  const said = JSON.parse(Buffer.from(answer ?? []).toString() || 'null');
  if (FunctionError) throw new ClusterError(`the function ${name}: ${said?.errorMessage ?? FunctionError}`);
  if (!Array.isArray(said?.keys))
    throw new ClusterError(`the function ${name} tells no keys: deploy this version first`);
  return said;
}
