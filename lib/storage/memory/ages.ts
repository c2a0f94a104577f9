/** Which revisions are older than the log is kept, told by marks set now and then. */
export class Ages {
  #marks: { readonly revision: number; readonly at: number }[] = [];
  #aged = 0;

  /** Revisions before this one are older. */
  get aged(): number {
    return this.#aged;
  }

  /** The newest revision at this time. */
  add(revision: number, at: number): void {
    this.#marks.push({ revision, at });
  }

  /** `oldest` is the time before which revisions are old. */
  forget(oldest: number): void {
    while (this.#marks[0] && this.#marks[0].at < oldest) this.#aged = this.#marks.shift()!.revision;
  }
}
