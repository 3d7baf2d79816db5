/** A HAProxy that serves some services on one loopback port, without a session around it, and a client that looks at bytes. */
export { freePort } from '../../../src/cli/demo/ports.ts';

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Layout } from '../../../providers/haproxy/layout.ts';
import { freePort } from '../../../src/cli/demo/ports.ts';
import type { ExportedService } from '../../../src/model/index.ts';
import { build, writeLayout } from './build.ts';

export interface RunningProxy {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts HAProxy with every front of the services at one free port. */
export async function startProxy(
  services: readonly ExportedService[],
  options: Record<string, unknown> = {},
  pem?: (sha256: string) => string,
  settings: ReadonlyMap<string, unknown> = new Map(),
): Promise<RunningProxy> {
  const port = await freePort();
  // Several at a time must not meet at the socket by which workers of one process meet.
  const dir = mkdtempSync(join(tmpdir(), 'weir-proxy-'));
  const placed = services.map((one) => ({ ...one, fronts: one.fronts.map((front) => ({ ...front, port })) }));
  const { layout, problems } = build(placed, {
    options: { addresses: ['127.0.0.1'], maxConnections: 100, dir, ...options },
    settings,
  });
  assert.deepEqual(problems, []);
  return runLayout(layout, port, dir, pem);
}

/** Starts HAProxy with a layout; it is there when it listens on `port`. `dir` is removed with it. */
export async function runLayout(
  layout: Layout,
  port: number,
  dir = mkdtempSync(join(tmpdir(), 'weir-proxy-')),
  pem?: (sha256: string) => string,
): Promise<RunningProxy> {
  const config = writeLayout(layout, dir, pem);
  const child = spawn('haproxy', ['-db', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  await listening(port, child, () => said);
  return {
    port,
    async stop() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function listening(port: number, child: ChildProcess, said: () => string): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`haproxy ended: ${said()}`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export interface Answer {
  readonly head: string;
  readonly body: string;
}

/** One request, given by its lines, on a connection of its own. */
export async function exchange(port: number, lines: readonly string[]): Promise<Answer> {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
    });
    let received = '';
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.on('end', () => resolve(received));
    socket.on('error', reject);
  });
  const end = text.indexOf('\r\n\r\n');
  return end === -1 ? { head: text, body: '' } : { head: text.slice(0, end), body: text.slice(end + 4) };
}
