import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import { listen } from '../fakes/listen.ts';

/** A call that changes the account, when its first byte was here, and who made it. */
export interface Write {
  readonly who: string;
  readonly action: string;
  readonly atMs: number;
}

export interface Front {
  readonly url: string;
  close(): Promise<void>;
}

/** The way of one weir to the account: every call that changes something is written down as it arrives, then handed on. */
export async function openFront(target: string, who: string, journal: Write[]): Promise<Front> {
  const server = createServer(async (asked, answered) => {
    const atMs = performance.now();
    try {
      const parts: Buffer[] = [];
      for await (const part of asked) parts.push(Buffer.from(part));
      const body = Buffer.concat(parts);
      const action = actionOf(asked.headers, body.toString());
      if (!/^(Describe|Get|List)/.test(action)) journal.push({ who, action, atMs });
      const forward = request(
        target + asked.url,
        { method: asked.method ?? 'POST', headers: asked.headers },
        (reply) => {
          answered.writeHead(reply.statusCode ?? 502, reply.headers);
          reply.pipe(answered);
        },
      );
      forward.on('error', () => answered.destroy());
      forward.end(body);
    } catch {
      // Who asked is gone in the middle of the question.
      answered.destroy();
    }
  });
  server.keepAliveTimeout = 600_000;
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** From when on somebody holds the Lease, as the API server tells it; '': nobody. */
export interface Hold {
  readonly who: string;
  readonly atMs: number;
}

/** Calls of one that began after a call of the one that held the Lease by then. Names are those of weirs; each start of one is another. */
export function strayWrites(journal: readonly Write[], holds: readonly Hold[]): readonly Write[] {
  const events = [
    ...journal.map((write) => ({ ...write, write })),
    ...holds.map((hold) => ({ ...hold, write: undefined })),
  ];
  const stray: Write[] = [];
  let holder = '';
  let wrote = false;
  for (const { who, write } of events.sort((a, b) => a.atMs - b.atMs)) {
    if (write === undefined) {
      if (who !== holder) wrote = false;
      holder = who;
    } else if (who === holder) wrote = true;
    else if (wrote) stray.push(write);
  }
  return stray;
}

function actionOf(headers: IncomingHttpHeaders, body: string): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target.split('.').at(-1) ?? target;
  return new URLSearchParams(body).get('Action') ?? 'unknown';
}
