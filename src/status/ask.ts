import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What is asked where. */
export interface Question {
  readonly address: string;
  readonly port: number;
  /** http, https: any answer counts. tls: any word of a handshake. tcp: a connection. */
  readonly kind: 'tcp' | 'tls' | 'http' | 'https';
  /** Name in the request and in the hello. */
  readonly host?: string;
  readonly path?: string;
}

const answerMs = 10_000;

/** Asks once; rejects with why there was no answer. What is asked changes nothing (HEAD), and the answer is not looked at. */
export function ask(question: Question, signal: AbortSignal): Promise<void> {
  const { kind } = question;
  return kind === 'http' || kind === 'https' ? askHttp(question, signal) : askSocket(question, signal);
}

function askHttp({ address, port, kind, host, path = '/' }: Question, signal: AbortSignal): Promise<void> {
  const options = {
    host: address,
    port,
    path,
    method: 'HEAD',
    agent: false,
    signal,
    timeout: answerMs,
    headers: { host: host ?? address, 'user-agent': 'weir-probe', connection: 'close' },
    // Whether it answers is asked, not who it is.
    ...(kind === 'https' ? { rejectUnauthorized: false, ...(host === undefined ? {} : { servername: host }) } : {}),
  };
  return new Promise((resolve, reject) => {
    const request = kind === 'https' ? httpsRequest(options) : httpRequest(options);
    request.once('response', (response) => {
      response.resume();
      resolve();
      request.destroy();
    });
    request.once('timeout', () => request.destroy(new Error(`no answer in ${answerMs / 1000} s`)));
    request.once('error', (error) => (isWordOfTls(error) ? resolve() : reject(error)));
    request.end();
  });
}

function askSocket({ address, port, kind, host }: Question, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const named = host === undefined ? {} : { servername: host };
    const socket =
      kind === 'tls'
        ? connectTls({ host: address, port, rejectUnauthorized: false, ...named })
        : connect({ host: address, port });
    const stop = () => socket.destroy(new Error('ended'));
    signal.addEventListener('abort', stop, { once: true });
    const end = (error?: Error) => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      if (error === undefined || isWordOfTls(error)) resolve();
      else reject(error);
    };
    socket.setTimeout(answerMs, () => end(new Error(`no answer in ${answerMs / 1000} s`)));
    socket.once(kind === 'tls' ? 'secureConnect' : 'connect', () => end());
    socket.on('error', end);
  });
}

/** Who refuses a handshake, for want of a client certificate say, is there. */
function isWordOfTls(error: Error): boolean {
  return 'code' in error && typeof error.code === 'string' && /^ERR_SSL_.*ALERT/.test(error.code);
}
