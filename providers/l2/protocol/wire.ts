/** What a datagram may not be; caught where datagrams are opened. */
export class Malformed extends Error {}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Puts numbers and texts into a growing buffer, most significant byte first. */
export class Writer {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** A whole number of so many bytes, at most 6. */
  number(value: number, bytes: number): this {
    if (!Number.isSafeInteger(value) || value < 0 || value >= 256 ** bytes) {
      throw new RangeError(`${value} does not fit ${bytes} bytes`);
    }
    const at = this.#grow(bytes);
    for (let index = bytes - 1, rest = value; index >= 0; index -= 1, rest = Math.floor(rest / 256)) {
      this.#bytes[at + index] = rest % 256;
    }
    return this;
  }

  bytes(values: ArrayLike<number>): this {
    const at = this.#grow(values.length);
    this.#bytes.set(values, at);
    return this;
  }

  /** A text of 1 to 255 bytes, with its length. */
  text(value: string): this {
    const encoded = encoder.encode(value);
    if (encoded.length === 0) throw new RangeError('an empty name cannot be sent');
    return this.number(encoded.length, 1).bytes(encoded);
  }

  /** What there is so far; the bytes that follow may move it. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(by: number): number {
    const at = this.#length;
    this.#length += by;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

/** Takes them out again; throws `Malformed` where the bytes end early or say what no writer writes. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  number(bytes: number): number {
    const end = this.#end(bytes);
    let value = 0;
    for (let at = this.#at; at < end; at += 1) value = value * 256 + (this.#bytes[at] ?? 0);
    this.#at = end;
    return value;
  }

  bytes(count: number): Uint8Array {
    const end = this.#end(count);
    const found = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return found;
  }

  text(): string {
    const encoded = this.bytes(this.number(1));
    if (encoded.length === 0) throw new Malformed('a name is empty');
    if (encoded.every((byte) => byte < 0x80)) return String.fromCharCode(...encoded);
    try {
      return decoder.decode(encoded);
    } catch {
      throw new Malformed('a name is not UTF-8');
    }
  }

  flag(): boolean {
    const value = this.number(1);
    if (value > 1) throw new Malformed('a flag is neither 0 nor 1');
    return value === 1;
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Malformed('bytes follow its end');
  }

  #end(count: number): number {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw new Malformed('it ends early');
    return end;
  }
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at += 1) if (a[at] !== b[at]) return false;
  return true;
}
