import type { Connection, RequestInfo, UserInfo } from '../contract.ts';
import type { Server } from '../dependencies.ts';
import type { Output } from '../negotiation/media-types.ts';
import type { ResourceType } from './resource-table.ts';

/** One request for a resource, past authentication and authorization. */
export interface Call {
  readonly server: Server;
  readonly request: Request;
  readonly connection: Connection;
  readonly info: RequestInfo;
  readonly query: URLSearchParams;
  readonly user: UserInfo;
  readonly type: ResourceType;
  readonly output: Output;
  /** Texts of the answer's Warning headers. */
  readonly warnings: string[];
}

/** What a verb found or made: stored bytes where it can, so that nothing is decoded on the way out. */
export type Answer =
  | { status: number; value: Uint8Array }
  | { status: number; object: object }
  | { status: number; list: ListAnswer };

export interface ListAnswer {
  values: readonly Uint8Array[];
  resourceVersion: string;
  continue?: string | undefined;
  remaining?: number | undefined;
}

export type Verb = (call: Call) => Promise<Answer | Response>;

export function isResponse(answer: Answer | Response): answer is Response {
  return 'headers' in answer;
}
