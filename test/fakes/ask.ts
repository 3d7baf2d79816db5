/** One HTTP request on a connection of its own, no retry: what a client sees. */
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { connect } from 'node:net';

export interface Question {
  readonly address: string;
  readonly port: number;
  readonly host: string;
  readonly path?: string;
  readonly method?: string;
  /** Trust this certificate and send `host` as SNI. */
  readonly tls?: { readonly ca?: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** How long the answer may take; 5 s unless told. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export function ask(question: Question): Promise<Answer> {
  const { address, port, host, path = '/', method = 'GET', tls, headers = {}, body, timeoutMs = 5_000 } = question;
  return new Promise((resolve, reject) => {
    const common = {
      host: address,
      port,
      path,
      method,
      headers: { ...headers, host },
      agent: false as const,
      timeout: timeoutMs,
    };
    const trust = tls?.ca === undefined ? { rejectUnauthorized: false } : { ca: tls.ca };
    const sent = tls === undefined ? requestHttp(common) : requestHttps({ ...common, servername: host, ...trust });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${timeoutMs / 1_000} s`)));
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    sent.end(body);
  });
}

/** Connects, sends, and answers what came back until the other side or `until` ends it. */
export function talk(address: string, port: number, text: string, until: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let got = '';
    const socket = connect(port, address, () => socket.write(text));
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer in 5 s')));
    socket.on('data', (chunk: Buffer) => {
      got += chunk.toString('latin1');
      if (until.test(got)) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(got));
  });
}

/** Asks again and again until `done`; the last answer or error is told when it never is. */
export async function eventually<T>(
  what: () => Promise<T>,
  done: (value: T) => boolean,
  triesLeft = 1_200,
): Promise<T> {
  for (;;) {
    const outcome = await what().then(
      (value) => ({ value, error: undefined }),
      (error: unknown) => ({ value: undefined, error }),
    );
    if (outcome.value !== undefined && done(outcome.value)) return outcome.value;
    if (--triesLeft <= 0) {
      throw new Error(`never came true; last: ${outcome.error ?? JSON.stringify(outcome.value)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
