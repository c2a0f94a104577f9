interface Version<T> {
  value: T;
  /** When a Query sees it, at the latest. */
  shownAt: number;
}

/** One item of a table: GetItem and conditions see its newest version, a Query may still see an older one for a moment. */
export class TableItem<T> {
  #versions: Version<T>[] = [];
  #goneAt = Number.POSITIVE_INFINITY;

  put(value: T, now: number, lagMs: number, goneAt = Number.POSITIVE_INFINITY): void {
    const shown = this.#versions.findLastIndex((version) => version.shownAt <= now);
    if (shown > 0) this.#versions.splice(0, shown);
    const shownAt = Math.max(now + lagMs, this.#versions.at(-1)?.shownAt ?? 0);
    this.#versions.push({ value, shownAt });
    this.#goneAt = goneAt;
  }

  newest(now: number): T | undefined {
    return this.#isGone(now) ? undefined : this.#versions.at(-1)?.value;
  }

  /** What a Query sees. */
  shown(now: number): T | undefined {
    return this.#isGone(now) ? undefined : this.#versions.findLast((version) => version.shownAt <= now)?.value;
  }

  /** Removed by TTL: it is as if it had never been. */
  #isGone(now: number): boolean {
    if (now < this.#goneAt) return false;
    this.#versions = [];
    this.#goneAt = Number.POSITIVE_INFINITY;
    return true;
  }
}
