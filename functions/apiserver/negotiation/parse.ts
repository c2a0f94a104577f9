import { badRequest, type StatusError } from '../../../lib/api/status.ts';

const decoder = new TextDecoder();

/** JSON.parse, its faults worded as Go's encoding/json words them. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(goSyntaxError(text, error.message));
  }
}

function goSyntaxError(text: string, message: string): string {
  const at = Number(/at position (\d+)/.exec(message)?.[1] ?? Number.NaN);
  const character = /Unexpected token '(.)'/su.exec(message)?.[1] ?? text[at];
  if (character === undefined || at >= text.length || /end of JSON/.test(message))
    return 'unexpected end of JSON input';
  return `invalid character '${character}' looking for beginning of value`;
}

/** The parser is loaded when the first client sends YAML. Most of what is sent as YAML is JSON: kubectl applies it so. */
export async function parseYaml(text: string): Promise<unknown> {
  if (text.startsWith('{')) {
    const object = tryJson(text);
    if (object !== undefined) return object;
  }
  const { parse } = await import('yaml');
  return parse(text, { version: '1.1', merge: true, uniqueKeys: false });
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Keys that a mapping has twice, of which the last counts: `line 7: key "a" already set in map`. */
export async function yamlDuplicates(text: string): Promise<string[]> {
  const { isScalar, LineCounter, parseDocument, visit } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { version: '1.1', merge: true, uniqueKeys: false, lineCounter });
  const found: string[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        const { line } = lineCounter.linePos(key.range?.[0] ?? 0);
        if (seen.has(name)) found.push(`line ${line}: key ${JSON.stringify(name)} already set in map`);
        seen.add(name);
      }
    },
  });
  return found;
}

/** What yaml.v3 calls them all together. */
export function yamlErrors(faults: readonly string[]): string {
  return `yaml: unmarshal errors:\n${faults.map((fault) => `  ${fault}`).join('\n')}`;
}

const SUMMARY_BYTES = 30;

/** A body that is no object of any kind. Source: transformDecodeError and summarizeData of k8s.io/apiserver handlers. */
export function unrecognized(kind: string, why: string, bytes: Uint8Array): StatusError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${summarize(bytes)})`);
}

const OPEN_BRACE = 0x7b;

function summarize(bytes: Uint8Array): string {
  if (bytes.byteLength === 0) return '<empty>';
  const start = Buffer.from(bytes.subarray(0, SUMMARY_BYTES));
  const text = bytes[0] === OPEN_BRACE ? decoder.decode(start) : start.toString('hex');
  return bytes.byteLength > SUMMARY_BYTES ? `${text} ...` : text;
}
