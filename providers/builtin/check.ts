/** One active health check of one target. */
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import type { Check } from './kinds.ts';

export interface CheckPlace {
  readonly address: string;
  readonly port: number;
  readonly tls: boolean;
}

/** Resolves with undefined when the target is well, else with the reason in a few words. Never rejects. */
export function runCheck(place: CheckPlace, check: Check, signal: AbortSignal): Promise<string | undefined> {
  const port = check.port ?? place.port;
  return check.type === 'tcp' ? checkTcp(place.address, port, check, signal) : checkHttp(place, port, check, signal);
}

function checkTcp(
  address: string,
  port: number,
  { timeoutMs }: Check,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, signal });
    const end = (reason: string | undefined) => {
      socket.destroy();
      resolve(reason);
    };
    socket.setTimeout(timeoutMs, () => end(`no connection within ${timeoutMs} ms`));
    socket.on('connect', () => end(undefined));
    socket.on('error', (error) => end(reasonOf(error)));
  });
}

function checkHttp(
  { address, tls }: CheckPlace,
  port: number,
  check: Check,
  signal: AbortSignal,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { path, method, timeoutMs, host } = check;
    const headers = { Host: host ?? address, Connection: 'close', 'User-Agent': 'weir-check' };
    const settings = { host: address, port, path, method, headers, agent: false, signal } as const;
    // A check asks whether the target answers; whom it may be, the traffic's own TLS settings decide.
    const sent = tls ? requestTls({ ...settings, rejectUnauthorized: false }) : request(settings);
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    sent.on('response', ({ statusCode = 0 }) => {
      const expected = check.expect.some(({ from, to }) => statusCode >= from && statusCode <= to);
      resolve(expected ? undefined : `status ${statusCode}`);
      sent.destroy();
    });
    sent.on('error', (error) => resolve(reasonOf(error)));
    sent.on('close', () => clearTimeout(timer));
    sent.end();
  });
}

function reasonOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
