/** Cuts a stream of bytes into lines. A line that comes in many pieces is joined once, at its end. */
export class LineSplitter {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Longest line. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of the line that has not ended. */
  get pending(): number {
    return this.#bytes;
  }

  /** The lines that this chunk ends, without their ends; empty ones are left out. undefined: a line is longer than allowed. */
  push(chunk: Buffer): readonly Buffer[] | undefined {
    const lines: Buffer[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end);
      if (this.#bytes + piece.length > this.#maxBytes) return undefined;
      const line = this.#bytes === 0 ? piece : Buffer.concat([...this.#pieces, piece]);
      if (line.length > 0) lines.push(line);
      this.#pieces = [];
      this.#bytes = 0;
      start = end + 1;
    }
    if (start < chunk.length) {
      this.#pieces.push(chunk.subarray(start));
      this.#bytes += chunk.length - start;
      if (this.#bytes > this.#maxBytes) return undefined;
    }
    return lines;
  }
}
