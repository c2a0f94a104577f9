export interface PemBlock {
  readonly type: string;
  /** What stands between the lines, as it is written. */
  readonly body: string;
}

const [BEGIN, DASHES] = ['-----BEGIN ', '-----'];

/** The PEM blocks in order; text between them is passed over. */
export function* pemBlocks(text: string): Iterable<PemBlock> {
  let at = text.indexOf(BEGIN);
  while (at >= 0) {
    const typeEnd = text.indexOf(DASHES, at + BEGIN.length);
    const type = text.slice(at + BEGIN.length, typeEnd);
    const footer = `-----END ${type}${DASHES}`;
    const end = typeEnd < 0 ? -1 : text.indexOf(footer, typeEnd);
    if (end < 0) return;
    yield { type, body: text.slice(typeEnd + DASHES.length, end).trim() };
    at = text.indexOf(BEGIN, end + footer.length);
  }
}
