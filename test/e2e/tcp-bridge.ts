/**
 * A port of loopback of the test's own network inside other network namespaces: both sides meet at a socket in the file system, which no
 * namespace divides. `tcp-bridge.ts SOCKET PORT` is the inner side, run as a program there; ends with its stdin.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

export interface Bridge {
  end(): Promise<void>;
}

/** `insides`: what starts a program in each namespace. */
export async function bridgePort(
  folder: string,
  port: number,
  insides: readonly (readonly string[])[],
): Promise<Bridge> {
  const path = join(folder, `bridge-${port}.sock`);
  const { server, close } = relay(() => connect({ host: '127.0.0.1', port }));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const children: ChildProcess[] = [];
  for (const inside of insides) {
    const [command = '', ...words] = [
      ...inside,
      process.execPath,
      '--no-warnings',
      import.meta.filename,
      path,
      `${port}`,
    ];
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    await once(child.stdout, 'data');
  }
  return {
    async end() {
      for (const child of children) child.kill('SIGKILL');
      await close();
    },
  };
}

function relay(to: () => Socket): { readonly server: Server; close(): Promise<void> } {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (from) => {
    const target = to();
    for (const [one, other] of [
      [from, target],
      [target, from],
    ] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of open) socket.destroy();
      server.close(() => resolve());
    });
  return { server, close };
}

if (import.meta.main) {
  const [path = '', port = ''] = process.argv.slice(2);
  const { server } = relay(() => connect(path));
  server.listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
  process.stdin.on('end', () => process.exit(0));
  process.stdin.resume();
}
