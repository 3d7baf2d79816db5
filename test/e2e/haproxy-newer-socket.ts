/**
 * Somebody between weir and the runtime socket of HAProxy 2.6 who speaks as later versions do: backends as 3.4, `wait` as 3.0, cookies of
 * servers as 3.2. Everything else is the real one's answer.
 */
import { rename, unlink } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { cookieKey } from '../../providers/haproxy/names.ts';
import { RuntimeSocket } from '../../providers/haproxy/socket.ts';
import { answerMade, type Made, newerHelp, newerKeywords, stateRows } from './haproxy-newer-backends.ts';

export interface NewerSocket {
  /** Command lines that came, newest last. */
  readonly lines: readonly string[];
  /** Answers that take the place of its own, by the beginning of the command line. */
  readonly refusals: Map<string, string>;
  readonly made: ReadonlyMap<string, Made>;
  /** Out of the way again. */
  end(): Promise<void>;
}

/** Takes the place of a socket that HAProxy listens on: HAProxy goes on listening under another name, also after a reload. */
export async function speakNewer(path: string): Promise<NewerSocket> {
  const real = `${path}.real`;
  await rename(path, real);
  const open = new Set<Socket>();
  const made = new Map<string, Made>();
  const lines: string[] = [];
  const refusals = new Map<string, string>();
  const answer = async (runtime: RuntimeSocket, line: string, payload: string | undefined): Promise<string> => {
    for (const [start, text] of refusals) if (line.startsWith(start)) return text;
    return answerMade(made, line) ?? (await answerNewer(runtime, made, line, payload));
  };
  const server = createServer((client) => {
    open.add(client);
    // Each to its own: after a reload the next one reaches the next worker.
    const runtime = new RuntimeSocket(real);
    client.on('error', () => undefined);
    client.on('close', () => {
      open.delete(client);
      runtime.close();
    });
    client.setEncoding('utf8');
    let rest = '';
    let queue: Promise<unknown> = Promise.resolve();
    const reply = (line: string, payload?: string) => {
      if (line !== 'prompt') lines.push(line);
      queue = queue
        .then(() => (line === 'prompt' ? '' : answer(runtime, line, payload)))
        .then((text) => client.write(text === '' ? '\n> ' : `${text}\n\n> `))
        .catch(() => client.destroy());
    };
    client.on('data', (chunk: string) => {
      rest += chunk;
      for (;;) {
        const match = /^([^\n]*) <<\n([\s\S]*?)\n\n/.exec(rest) ?? /^([^\n]*)\n/.exec(rest);
        const [whole = '', line = '', payload] = match ?? [];
        // The rest of a payload is still to come.
        if (match === null || line.endsWith(' <<')) return;
        rest = rest.slice(whole.length);
        reply(line, payload);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    lines,
    refusals,
    made,
    end: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await unlink(path).catch(() => undefined);
      await rename(real, path).catch(() => undefined);
    },
  };
}

async function answerNewer(
  runtime: RuntimeSocket,
  made: ReadonlyMap<string, Made>,
  line: string,
  payload: string | undefined,
): Promise<string> {
  const [, about = ''] = /^show (?:stat|servers state) (\S+)/.exec(line) ?? [];
  // An empty one of the same shape answers the same for a spare that was made.
  const twin = made.has(about) ? about.replace(/_x[^_]*.*$/, '_1') : about;
  const plain = line.replace(about, twin);
  const [, delay = '', waited = ''] = /^wait (\d+)ms srv-removable (\S+)$/.exec(line) ?? [];
  if (waited !== '') return waitFor(runtime, Number(delay), waited);
  if (line === 'add server help') return newerKeywords;
  // 2.6 makes the same value by itself when it is told the key once more.
  const [, added, backend] = /^(add server (\S+?)\/.*) cookie [0-9a-f]{16}$/.exec(line) ?? [];
  if (added !== undefined) {
    const [said = ''] = await runtime.run([
      { line: added },
      { line: `set dynamic-cookie-key backend ${backend} ${cookieKey}` },
    ]);
    return said;
  }
  const [real = ''] = await runtime.run([payload === undefined ? { line: plain } : { line: plain, payload }]);
  if (line === 'help') return [real, ...newerHelp].join('\n');
  if (line === 'show backend') return [real, ...made.keys()].join('\n');
  if (line === 'show servers state') return [real, ...stateRows(made)].join('\n');
  const one = made.get(about);
  if (one === undefined) return real;
  return [
    real.replaceAll(twin, about),
    ...(line.startsWith('show servers') ? stateRows(new Map([[about, one]])) : []),
  ].join('\n');
}

async function waitFor(runtime: RuntimeSocket, delayMs: number, name: string): Promise<string> {
  const [backend = ''] = name.split('/');
  const deadline = performance.now() + delayMs;
  for (;;) {
    const table = await runtime.ask(`show servers conn ${backend}`);
    const row = table.split('\n').find((line) => line.startsWith(`${name} `));
    // Column 7: connections in use.
    if (row === undefined || row.split(' ').at(6) === '0') return 'Done.';
    if (performance.now() > deadline)
      return 'Wait delay expired. Server still has connections attached to it, cannot remove it.';
    await sleep(10);
  }
}
