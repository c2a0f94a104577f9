/** The function inside the VPC: asks nodes and pods for the apiserver, which invokes it. */
import type { Writable } from 'node:stream';
import { buffered, streamed } from './answer.ts';
import type { VpcRequest } from './message.ts';
import { sender } from './send.ts';
import { targetsWithin } from './targets.ts';

const send = sender(targetsWithin((process.env['ZEROPLANE_RANGES'] ?? '').split(',').filter(Boolean)));

/** The SDK makes the global object too, without what streams. */
const streams = typeof (globalThis as Partial<typeof globalThis>).awslambda?.streamifyResponse === 'function';

/** Without `awake`: whoever is waited for here is at the other end of a connection, and that keeps the event loop going. */
export const handler = streams
  ? awslambda.streamifyResponse<VpcRequest>((asked, out) => streamed(send, asked, out as unknown as Writable))
  : (asked: VpcRequest) => buffered(send, asked);
