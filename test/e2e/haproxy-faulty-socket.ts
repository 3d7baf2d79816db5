/** Somebody between weir and the runtime socket of HAProxy, who answers badly when told to. */
import { rename, unlink } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';

export type Fault = 'none' | 'slow' | 'silent' | 'half' | 'garbage' | 'close';

export interface FaultySocket {
  fault: Fault;
  /** Command lines that this HAProxy shall not know. */
  unknown: RegExp | undefined;
  /** Lines that came, newest last. */
  readonly lines: readonly string[];
  /** Out of the way again. */
  end(): Promise<void>;
}

/** Takes the place of a socket that HAProxy listens on: HAProxy goes on listening under another name, also after a reload. */
export async function standBetween(path: string): Promise<FaultySocket> {
  const real = `${path}.real`;
  await rename(path, real);
  const open = new Set<Socket>();
  const lines: string[] = [];
  const state = { fault: 'none' as Fault, unknown: undefined as RegExp | undefined, lines };
  const server = createServer((client) => {
    const proxy = connect({ path: real });
    let rest = '';
    for (const socket of [client, proxy]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        proxy.destroy();
      });
    }
    client.setEncoding('utf8');
    client.on('data', (chunk: string) => {
      rest += chunk;
      const end = rest.lastIndexOf('\n') + 1;
      const whole = rest.slice(0, end).replace(/[^\n]+/g, (line) => {
        lines.push(line);
        return state.unknown?.test(line) === true ? `no-such-${line}` : line;
      });
      rest = rest.slice(end);
      proxy.write(whole);
    });
    proxy.setEncoding('utf8');
    proxy.on('data', (text: string) => answer(client, text, state.fault));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return Object.assign(state, {
    end: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await unlink(path).catch(() => undefined);
      await rename(real, path).catch(() => undefined);
    },
  });
}

function answer(client: Socket, text: string, fault: Fault): void {
  const half = text.slice(0, text.length >> 1);
  if (fault === 'none') client.write(text);
  else if (fault === 'slow') setTimeout(() => client.write(text), 150);
  else if (fault === 'half') client.write(half);
  else if (fault === 'close') client.end(half);
  // Framed like answers, so that only their content can betray them.
  else if (fault === 'garbage') client.write(text.replace(/[^\n> ]/g, (c) => '#~?0x'[c.charCodeAt(0) % 5] ?? ''));
}
