/**
 * What the apiserver asks the function inside the VPC, and what it hears. The function has no way out of the VPC (a NAT gateway costs 32
 * dollars a month), so it cannot read keys itself: what it shows to an agent comes with the request.
 */
export interface VpcRequest {
  method: string;
  /** An address and a port within the cluster's ranges: `https://10.0.1.5:10250/exec/…`. */
  url: string;
  headers: Record<string, string>;
  /** Base64. */
  body?: string;
  /** Shown to a node's agent, and who must have signed the agent's. Absent: a pod, which has no name to be known by. */
  tls?: ClientCredentials;
}

/** PEM. */
export interface ClientCredentials {
  cert: string;
  key: string;
  ca: string;
}

export interface VpcHead {
  status: number;
  headers: Record<string, string | string[]>;
}

/** An answer at once. */
export interface VpcAnswer extends VpcHead {
  /** Base64. */
  body: string;
}

/** There is no answer: refused here, or nobody answered. */
export interface VpcFailure {
  error: string;
}

/** Between head and body of an answer that comes as a stream, as Lambda's own HTTP streams have it. Source: "Response streaming for Lambda functions". */
export const HEAD_END = Buffer.alloc(8);

/** Lambda takes and gives 6 MB of JSON; base64 makes three bytes four, and heads take some. Source: "Lambda quotas". */
export const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
