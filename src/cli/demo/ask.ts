/** One question to a service of the demo, as a client would ask it: a connection of its own, no retry. */
import { type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';

export interface Reply {
  readonly status: number;
  readonly body: string;
  /** Back end that answered, when one did. */
  readonly target: string;
}

/** An answer that takes longer counts as none. */
const timeoutMs = 3000;

/** Asks by HTTP. Rejects when no complete answer comes. */
export function askHttp(port: number, host: string, path: string): Promise<Reply> {
  return ask({ port, path, headers: { Host: host } });
}

/** Asks by HTTPS and verifies the certificate for the host. */
export function askHttps(port: number, host: string, path: string, ca: string): Promise<Reply> {
  return ask({ port, path, headers: { Host: host }, servername: host, ca });
}

function ask(options: RequestOptions & { servername?: string; ca?: string }): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const settings = { ...options, host: '127.0.0.1', agent: false } as const;
    const sent = options.ca === undefined ? request(settings) : requestTls(settings);
    const timer = setTimeout(() => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    sent.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body, target: String(response.headers['x-target'] ?? '') }),
      );
    });
    sent.on('error', reject);
    sent.on('close', () => clearTimeout(timer));
    sent.end();
  });
}

/** Sends a line by TCP; answers the line that comes back. */
export function askTcp(port: number, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(line));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on('data', (data) => {
      resolve(String(data));
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('closed without an answer')));
  });
}
