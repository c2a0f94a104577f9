/** One of the two servers that are compared. */
export interface Target {
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  code: number;
  body: any;
}
