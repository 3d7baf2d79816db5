/**
 * The runtime API of one worker over its UNIX socket: interactive mode, so that many commands share one connection and each answer is
 * framed by the prompt. There is no status code: success is an empty answer or one of a few known sentences.
 */
import { connect, type Socket } from 'node:net';
import { WeirError } from '../../src/model/index.ts';
import { withoutPath } from './master.ts';

export interface Command {
  /** Words of the allow-list, one space between them. */
  readonly line: string;
  /** Follows `<<`: lines without an empty one among them. */
  readonly payload?: string;
}

/** The command with its payload must fit the buffer of HAProxy (16 KiB by default): 2.6 first hangs on a larger one, then its worker dies. */
export const maxCommandBytes = 12_000;

/** A connection that was idle longer may just be closed by `stats timeout` (10 s by default). */
const idleMs = 3_000;

const prompt = '\n> ';
const words = /^[A-Za-z0-9_.:@/,=()[\]#|*~+-]+(?: [A-Za-z0-9_.:@/,=()[\]#|*~+-]+)*$/;

/** Whether a text may stand in a command line as one word; what may not goes by payload or by reference. */
export function isPlainWord(text: string): boolean {
  return words.test(text) && !text.includes(' ');
}

const accepted: readonly RegExp[] = [
  /^$/,
  /^New server registered\.$/,
  /^Server deleted\.$/,
  /^New backend registered\.$/,
  /^Backend published\.$/,
  /^New version created: \d+$/,
  /^New empty certificate store '.*'!$/,
  /^Transaction (?:created|updated|aborted) for certificate .*!$/,
  /^Success!$/,
  /^OCSP Response updated!$/,
  /^Certificate '.*' deleted!$/,
  /^Entry '.*' deleted in crtlist '.*'!$/,
];

/** Whether the answer of a changing command says that it was done. Warnings may stand before the sentence that counts. */
export function isAccepted(answer: string): boolean {
  const last = answer.slice(answer.lastIndexOf('\n') + 1);
  return accepted.some((pattern) => pattern.test(last));
}

/** One conversation at a time; the connection is kept between them and opened again when needed. */
export class RuntimeSocket {
  readonly path: string;
  readonly #timeoutMs: number;
  #connection: Connection | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  /** `timeoutMs` is how long HAProxy may be silent. */
  constructor(path: string, timeoutMs = 5_000) {
    this.path = path;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The answers, in order, without prompt and trailing line breaks.
   * @throws WeirError E_HAPROXY_COMMAND before anything is sent when a command could be read as two, E_HAPROXY_SOCKET when answers are missing.
   */
  run(commands: readonly Command[]): Promise<readonly string[]> {
    const text = commands.map(commandText).join('');
    if (commands.length === 0) return Promise.resolve([]);
    const result = this.#queue.then(() => this.#talk(text, commands.length));
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /** One reading command. */
  async ask(line: string): Promise<string> {
    const [answer = ''] = await this.run([{ line }]);
    return answer;
  }

  close(): void {
    this.#connection?.end();
    this.#connection = undefined;
  }

  async #talk(text: string, count: number): Promise<readonly string[]> {
    const kept = this.#connection;
    if (kept?.usable() === true) {
      try {
        return await kept.talk(text, count, this.#timeoutMs);
      } catch (error) {
        this.close();
        // Closed while idle: HAProxy read nothing of it. After the first answer it may have done anything: the caller decides.
        if (!(error instanceof Unanswered)) throw error;
      }
    }
    this.close();
    const fresh = new Connection(this.path);
    this.#connection = fresh;
    try {
      const [, ...answers] = await fresh.talk(`prompt\n${text}`, count + 1, this.#timeoutMs);
      return answers;
    } catch (error) {
      this.close();
      throw error;
    }
  }
}

function commandText({ line, payload }: Command): string {
  if (!words.test(line))
    throw new WeirError(
      'E_HAPROXY_COMMAND',
      `a command has characters that are not allowed: ${JSON.stringify(line.slice(0, 80))}`,
    );
  if (payload === undefined) return `${line}\n`;
  const body = payload.replace(/\n+$/, '');
  // An empty line ends the payload: what follows would be read as commands.
  if (/^\n|\n\n|[\r\0]/.test(body) || body === '')
    throw new WeirError('E_HAPROXY_COMMAND', `the payload of "${line}" has an empty line or a control character`);
  const text = `${line} <<\n${body}\n\n`;
  if (Buffer.byteLength(text) > maxCommandBytes)
    throw new WeirError('E_HAPROXY_COMMAND', `the payload of "${line}" is larger than ${maxCommandBytes} bytes`);
  return text;
}

class Unanswered extends WeirError {}

class Connection {
  readonly #socket: Socket;
  readonly #path: string;
  #received = '';
  #tail = '';
  #heard: () => void = () => undefined;
  #lastUse = performance.now();
  #ended: string | undefined;
  #wake: () => void = () => undefined;

  constructor(path: string) {
    this.#path = path;
    this.#socket = connect({ path });
    this.#socket.setEncoding('utf8');
    this.#socket.on('data', (chunk: string) => {
      this.#received += chunk;
      // A large answer comes in many pieces: looked at as a whole for each of them it would take ages.
      const end = this.#tail + chunk;
      this.#tail = end.slice(-prompt.length);
      if (end.includes(prompt)) this.#wake();
      else this.#heard();
    });
    this.#socket.on('error', (error) => this.#end(withoutPath(error.message, path)));
    this.#socket.on('close', () => this.#end('closed'));
    this.#socket.unref();
  }

  usable(): boolean {
    return this.#ended === undefined && performance.now() - this.#lastUse < idleMs;
  }

  end(): void {
    this.#end('closed by weir');
    this.#socket.destroy();
  }

  talk(text: string, count: number, timeoutMs: number): Promise<readonly string[]> {
    this.#received = '';
    this.#tail = '';
    const answers: string[] = [];
    return new Promise((resolve, reject) => {
      const settle = (error?: WeirError) => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        this.#heard = () => undefined;
        this.#lastUse = performance.now();
        if (error === undefined) resolve(answers);
        else reject(error);
      };
      const fail = (reason: string) => {
        const Kind =
          answers.length === 0 && this.#received === '' && this.#ended !== undefined ? Unanswered : WeirError;
        settle(new Kind('E_HAPROXY_SOCKET', `${this.#path}: ${reason} after ${answers.length} of ${count} answers`));
      };
      const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
      const startMs = performance.now();
      this.#heard = () => {
        timer.refresh();
        // Byte after byte is no answer either: everything else would wait for it.
        if (performance.now() - startMs > timeoutMs * slowest)
          fail(`no end of the answer within ${timeoutMs * slowest} ms`);
        if (this.#received.length > maxAnswerChars) fail('an endless answer');
      };
      this.#wake = () => {
        this.#heard();
        this.#take(answers);
        if (answers.length > count || (answers.length === count && this.#received !== ''))
          fail('more text than asked for');
        else if (answers.length === count) settle();
        else if (this.#ended !== undefined) fail(this.#ended);
      };
      if (this.#ended === undefined) this.#socket.write(text);
      this.#wake();
    });
  }

  /** Moves complete answers out of what was received. */
  #take(answers: string[]): void {
    // An empty answer is the prompt alone, and its line break belongs to it; what is searched starts with one.
    let from = 0;
    for (;;) {
      const at = this.#received.indexOf(prompt, from);
      if (at < 0) break;
      answers.push(
        this.#received
          .slice(from, at)
          .replace(/^(?:\+ )+/, '')
          .replace(/\n+$/, ''),
      );
      from = at + prompt.length;
    }
    if (from > 0) this.#received = this.#received.slice(from);
  }

  #end(reason: string): void {
    this.#ended ??= reason;
    this.#wake();
  }
}

/** All answers of a conversation may take so many times as long as silence may last. */
const slowest = 6;
const maxAnswerChars = 256 * 1024 * 1024;
