import { createHash } from 'node:crypto';

/** Ids that look random and are the same in every run of the same calls. */
export class Ids {
  readonly #seed: string;
  #count = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Hexadecimal digits, never the same twice. */
  hex(digits: number): string {
    return createHash('sha256')
      .update(`${this.#seed} ${this.#count++}`)
      .digest('hex')
      .slice(0, digits);
  }

  /** `subnet-0123456789abcdef0` */
  ec2(prefix: string): string {
    return `${prefix}-0${this.hex(16)}`;
  }

  uuid(): string {
    return this.hex(32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }
}
