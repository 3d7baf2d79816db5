/** One listener in use: what happens to an accepted connection. Settings are swapped under it; connections keep what they began with. */
import type { Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import { createServer as createTlsServer, type SecureContext, type Server as TlsServer } from 'node:tls';
import { createRelayServer, serveHttp } from './http.ts';
import { covers } from './match.ts';
import type { ListenerSettings } from './table.ts';
import { relayTcp } from './tcp.ts';
import { clientOf, type Traffic } from './traffic.ts';

/** Key material of a listener, read and checked. */
export interface TlsMaterial {
  readonly default: { readonly context: SecureContext; readonly pem: string };
  /** Host (exact or `*.x`) → context. */
  readonly hosts: ReadonlyMap<string, SecureContext>;
  readonly mutual?: { readonly ca: string };
}

export class LiveListener {
  settings: ListenerSettings;
  readonly #traffic: Traffic;
  readonly #connections = new Set<Socket>();
  #http: HttpServer | undefined;
  #tls: TlsServer | undefined;
  #leaving = false;

  constructor(settings: ListenerSettings, traffic: Omit<Traffic, 'settings' | 'leaving'>) {
    this.settings = settings;
    this.#traffic = { ...traffic, settings: () => this.settings, leaving: () => this.#leaving };
  }

  /** New settings for new connections and requests. */
  update(settings: ListenerSettings, material: TlsMaterial | undefined): void {
    this.settings = settings;
    this.#tls = material === undefined ? undefined : this.#terminator(material);
  }

  /** A server that listens nowhere, made anew when certificates change: handshakes under way finish with the old one. */
  #terminator(material: TlsMaterial): TlsServer {
    const { pem } = material.default;
    const server = createTlsServer({
      cert: pem,
      key: pem,
      handshakeTimeout: 10_000,
      allowHalfOpen: true,
      ALPNProtocols: this.settings.mode === 'http' ? ['http/1.1'] : [],
      SNICallback: (name, done) => done(null, contextFor(material, name)),
      ...(material.mutual === undefined ? {} : { requestCert: true, rejectUnauthorized: true, ca: material.mutual.ca }),
    });
    server.on('secureConnection', (socket) => this.#serve(socket));
    return server;
  }

  accept(socket: Socket): void {
    const { sourceRanges, maxConnections = Number.POSITIVE_INFINITY, tls } = this.settings;
    if (sourceRanges !== undefined && !covers(sourceRanges, clientOf(socket))) return void socket.destroy();
    if (this.#connections.size >= maxConnections) return void socket.destroy();
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    this.#traffic.count('connection');
    if (tls === undefined) this.#serve(socket);
    else if (this.#tls === undefined) socket.destroy();
    else this.#tls.emit('connection', socket);
  }

  #serve(socket: Socket): void {
    if (this.settings.mode === 'tcp') return void relayTcp(socket, this.#traffic);
    this.#http ??= createRelayServer(this.#traffic);
    serveHttp(this.#http, socket);
  }

  /** Accepts no more (its ports are closed or another's): what runs finishes, idle connections are closed. */
  leave(): void {
    this.#leaving = true;
    this.#http?.close();
    this.#http?.closeIdleConnections();
  }

  get active(): number {
    return this.#connections.size;
  }

  /** Ends everything that runs. */
  end(): void {
    this.leave();
    for (const socket of this.#connections) socket.destroy();
  }
}

function contextFor({ hosts, default: fallback }: TlsMaterial, name: string): SecureContext {
  const host = name.toLowerCase();
  return hosts.get(host) ?? hosts.get(host.replace(/^[^.]+/, '*')) ?? fallback.context;
}
