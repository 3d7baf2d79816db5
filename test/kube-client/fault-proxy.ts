/** A TCP proxy between client and API server that can lose, refuse or cut what goes through it. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { listen } from '../fakes/listen.ts';

export class FaultProxy {
  port = 0;
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server;
  #hole = false;

  private constructor(target: number) {
    this.#target = target;
    this.#server = this.#make();
  }

  static async start(target: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.port = await listen(proxy.#server);
    return proxy;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** RST to both sides of every connection. */
  cut(): void {
    for (const [client, server] of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Connections of now stay open and carry nothing any more; with `all`, new ones too. */
  swallow(all = false): void {
    this.#hole = all;
    for (const [client, server] of this.#pairs) {
      client.unpipe(server);
      server.unpipe(client);
      client.resume();
      server.resume();
    }
  }

  /** Nothing listens, what is open is cut. */
  async down(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.cut();
    await closed;
  }

  async up(): Promise<void> {
    this.#hole = false;
    if (this.#server.listening) return;
    this.#server = this.#make();
    await listen(this.#server, '127.0.0.1', this.port);
  }

  async stop(): Promise<void> {
    if (this.#server.listening) await this.down();
  }

  #make(): Server {
    return createServer((client) => {
      const server = connect(this.#target, '127.0.0.1');
      const pair = [client, server] as const;
      this.#pairs.add(pair);
      for (const [one, other] of [pair, [server, client]] as const) {
        one.on('error', () => {});
        one.on('close', () => {
          this.#pairs.delete(pair);
          other.destroy();
        });
        if (this.#hole) one.resume();
        else one.pipe(other);
      }
    });
  }
}
