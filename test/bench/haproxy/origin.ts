/** Targets in a process of their own: HTTP/1.1 with keep-alive and endless answers, TCP echo; each can die and come back. No framework: they must not be what is measured. */
import { createServer, type Server, type Socket } from 'node:net';

export interface OriginOptions {
  /** HTTP targets `t0`, `t1`, … */
  readonly http: number;
  /** TCP echoes. */
  readonly echo?: number;
  /** Where they listen; default 127.0.0.1. */
  readonly host?: string;
}

/** What an origin is told about HTTP target `index`. */
export interface OriginOrder {
  readonly index: number;
  /**
   * live: it listens. refuse: it closes its port, and says goodbye with the next answer on each connection that it has. close: it closes
   * its idle connections too, so that a request on its way there is lost.
   */
  readonly to: 'live' | 'refuse' | 'close';
}

const streamEveryMs = 200;

export class HttpTarget {
  readonly #answer: Buffer;
  readonly #lastAnswer: Buffer;
  readonly #host: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #accepted = 0;
  port = 0;

  constructor(name: string, host: string) {
    this.#host = host;
    const head = `HTTP/1.1 200 OK\r\nx-target: ${name}\r\nContent-Length: ${name.length}\r\n`;
    this.#answer = Buffer.from(`${head}\r\n${name}`);
    this.#lastAnswer = Buffer.from(`${head}Connection: close\r\n\r\n${name}`);
  }

  async listen(): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#serve(socket));
    this.port = await listenOn(server, this.port, this.#host);
    this.#server = server;
  }

  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    // What the kernel has accepted for us would be reset with the port, requests and all: it is taken in first.
    for (let quietTurns = 0; quietTurns < 3; ) {
      const before = this.#accepted;
      await new Promise((resolve) => setImmediate(resolve));
      quietTurns = before === this.#accepted ? quietTurns + 1 : 0;
    }
    server?.close();
  }

  async close(): Promise<void> {
    await this.refuse();
    for (const socket of this.#sockets) socket.end();
  }

  #serve(socket: Socket): void {
    this.#accepted++;
    this.#sockets.add(socket);
    let rest = '';
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      rest += chunk.toString('latin1');
      for (;;) {
        const headEnd = rest.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const head = rest.slice(0, headEnd);
        const size = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
        if (rest.length < size) return;
        rest = rest.slice(size);
        if (/^\S+ \/stream/.test(head)) return stream(socket);
        // A target that is going away says so with its last answer.
        if (/\r\nconnection: *close/i.test(head) || this.#server === undefined) {
          socket.end(this.#lastAnswer);
          return;
        }
        socket.write(this.#answer);
      }
    });
  }
}

/** An answer without end. */
function stream(socket: Socket): void {
  socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
  const timer = setInterval(() => socket.write('5\r\ntick\n\r\n'), streamEveryMs);
  socket.on('close', () => clearInterval(timer));
}

async function listenOn(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ port, host, backlog: 1_024 }, resolve));
  const address = server.address();
  return address === null || typeof address === 'string' ? 0 : address.port;
}

if (import.meta.main) {
  const { http, echo = 0, host = '127.0.0.1' }: OriginOptions = JSON.parse(process.argv[2] ?? '{}');
  const targets = Array.from({ length: http }, (_, i) => new HttpTarget(`t${i}`, host));
  for (const target of targets) await target.listen();
  const echoes: number[] = [];
  for (let i = 0; i < echo; i++) {
    const server = createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => socket.destroy());
      socket.pipe(socket);
    });
    echoes.push(await listenOn(server, 0, host));
  }
  process.on('SIGINT', () => {});
  process.on('disconnect', () => process.exit(0));
  process.on('message', async ({ index, to }: OriginOrder) => {
    const target = targets[index];
    if (to === 'live') await target?.listen();
    else if (to === 'refuse') await target?.refuse();
    else await target?.close();
    process.send?.('done');
  });
  process.send?.({ http: targets.map(({ port }) => port), echo: echoes });
}
