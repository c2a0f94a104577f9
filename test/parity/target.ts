/** The texts of Warning headers, which may come joined with commas. */
export function warningTexts(header: string | string[] | null | undefined): string[] {
  const text = Array.isArray(header) ? header.join(', ') : (header ?? '');
  return [...text.matchAll(/299 - ("(?:[^"\\]|\\.)*")/g)].map(([, quoted]) => JSON.parse(quoted!));
}

/** One of the two servers that are compared. */
export interface Target {
  send(method: string, path: string, body?: unknown, contentType?: string): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  code: number;
  body: any;
  /** The texts of the Warning headers. */
  warnings: string[];
}
