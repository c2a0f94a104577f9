const NEWLINE = 10;
const EMPTY = new Uint8Array(0);

/** Parses a stream of JSON values, one a line, as they arrive. A last line without its newline was cut off and is dropped. */
export async function* jsonLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<any, void, void> {
  const decoder = new TextDecoder();
  let rest: Uint8Array = EMPTY;
  for await (const chunk of body) {
    let bytes: Uint8Array = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE)) {
      if (end > 0) yield JSON.parse(decoder.decode(bytes.subarray(0, end)));
      bytes = bytes.subarray(end + 1);
    }
    rest = bytes;
  }
}
