import { InvokeCommand, InvokeWithResponseStreamCommand, type LambdaClient } from '@aws-sdk/client-lambda';

/** Calls one function, waiting for its answer. */
export interface FunctionInvoke {
  buffered(payload: string, signal: AbortSignal): Promise<string>;
  streamed(payload: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

export function functionInvoke(client: LambdaClient, FunctionName: string): FunctionInvoke {
  return {
    async buffered(payload, abortSignal) {
      const { Payload, FunctionError } = await client.send(
        new InvokeCommand({ FunctionName, Payload: Buffer.from(payload) }),
        {
          abortSignal,
        },
      );
      const text = Buffer.from(Payload ?? []).toString();
      if (FunctionError) throw new Error(`${FunctionName}: ${FunctionError}: ${text.slice(0, MAX_ERROR_LENGTH)}`);
      return text;
    },
    async *streamed(payload, abortSignal) {
      const command = new InvokeWithResponseStreamCommand({ FunctionName, Payload: Buffer.from(payload) });
      const { EventStream } = await client.send(command, { abortSignal });
      for await (const { PayloadChunk, InvokeComplete } of EventStream ?? []) {
        if (PayloadChunk?.Payload) yield PayloadChunk.Payload;
        if (InvokeComplete?.ErrorCode)
          throw new Error(
            `${FunctionName}: ${InvokeComplete.ErrorCode}: ${InvokeComplete.ErrorDetails?.slice(0, MAX_ERROR_LENGTH)}`,
          );
      }
    },
  };
}

const MAX_ERROR_LENGTH = 500;
