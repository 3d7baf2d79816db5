import type { Answer } from './nft-session.ts';

/** Memory that two threads share: numbers to sleep on, and the bytes of the question or of its answer. */
export interface MailboxMemory {
  readonly numbers: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/** Where the numbers are: how many questions were asked and answered, and how many bytes there are. An answer without bytes says that all is well. */
const [asked, answered, length] = [0, 1, 2];
const [usualBytes, mostBytes] = [1 << 16, 8 << 20];
const [encoder, decoder] = [new TextEncoder(), new TextDecoder()];

/** One question at a time to another thread, without an event loop on its side: a wake-up costs half of what a message between threads does. */
export class Mailbox {
  readonly memory: MailboxMemory;
  readonly #numbers: Int32Array;
  #turn = 0;

  constructor() {
    this.memory = {
      numbers: new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT),
      bytes: new SharedArrayBuffer(usualBytes, { maxByteLength: mostBytes }),
    };
    this.#numbers = new Int32Array(this.memory.numbers);
  }

  /** Ask again only when this has resolved. RangeError for what is too long for any transaction. */
  async ask(batch: Uint8Array): Promise<Answer> {
    put(this.memory, batch);
    this.#turn += 1;
    Atomics.store(this.#numbers, asked, this.#turn);
    Atomics.notify(this.#numbers, asked);
    await Atomics.waitAsync(this.#numbers, answered, this.#turn - 1).value;
    const said = take(this.memory);
    return said.length === 0 ? { ok: true } : JSON.parse(decoder.decode(said));
  }
}

/** The other side: waits for questions, for ever, and answers each. */
export function answerAll(memory: MailboxMemory, answer: (batch: Uint8Array) => Answer): never {
  const numbers = new Int32Array(memory.numbers);
  for (let turn = 1; ; turn += 1) {
    Atomics.wait(numbers, asked, turn - 1);
    const said = answer(take(memory));
    put(memory, said.ok ? new Uint8Array() : encoder.encode(JSON.stringify(said)));
    Atomics.store(numbers, answered, turn);
    Atomics.notify(numbers, answered);
  }
}

function put({ numbers, bytes }: MailboxMemory, content: Uint8Array): void {
  if (bytes.byteLength < content.length) bytes.grow(content.length);
  new Uint8Array(bytes).set(content);
  new Int32Array(numbers)[length] = content.length;
}

/** A copy: the kernel's calls take no shared memory. */
function take({ numbers, bytes }: MailboxMemory): Uint8Array {
  return new Uint8Array(bytes).slice(0, new Int32Array(numbers)[length]);
}
