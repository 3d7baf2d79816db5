import { type ClientHttp2Stream, type OutgoingHttpHeaders, sensitiveHeaders } from 'node:http2';
import type { Context, Json, Log } from '../model/index.ts';
import { type Turns, turnsOf } from '../model/turns.ts';
import type { Access, Grant } from './access.ts';
import { type Answer, answerError, parseObject, readBody } from './answer.ts';
import type { JsonObject, Limits } from './contract.ts';
import { Grants } from './grants.ts';
import { KubeError } from './kube-error.ts';
import { codeOf } from './read-kubeconfig.ts';
import { receive } from './receive.ts';
import { Sessions } from './sessions.ts';

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly body?: Json;
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** A watch: its answer goes on, so only its beginning has a deadline. */
  readonly long?: boolean;
}

const errorBytes = 1 << 20;
/** An answer of so much is parsed in a millisecond. */
const shortBytes = 64 << 10;
const startingAgainMs = 250;
/** What the server's authorizer says, and not an admission plugin. */
const rightless = /\bcannot [a-z]+ (?:resource|path) /;
/** What its admission plugins say as long as they have not read what they go by. */
const notYetReady = /\bnot yet ready to handle request\b/;

/** Requests to one API server: identity, session, deadlines, errors. */
export class ApiServer {
  readonly sessions: Sessions;
  readonly limits: Limits;
  readonly #access: Access;
  readonly #grants: Grants;
  readonly #base: string;
  readonly #authority: string;
  readonly #closing = new AbortController();
  readonly #turns: Turns;

  constructor(access: Access, limits: Limits, clock: Context['clock'], log: Log) {
    const url = new URL(access.server);
    this.#access = access;
    this.#base = url.pathname.replace(/\/+$/, '');
    this.#authority = url.host;
    this.limits = limits;
    this.#turns = turnsOf(clock);
    this.#grants = new Grants(access, clock, log, this.#closing.signal);
    this.sessions = new Sessions(access.server, limits, clock, log, this.#closing.signal);
  }

  /** A parsed answer and the size of its body. Rejects with KubeError. */
  async call(request: ApiRequest): Promise<{ readonly value: JsonObject; readonly bytes: number }> {
    const answer = await this.open(request);
    const doing = describe(request, this.#access.name);
    const body = await readBody(answer, this.limits.bodyBytes, doing);
    // Parsing cannot be held up: pages of several lists shall not come in one turn, nor behind other long work.
    if (body.length > shortBytes && this.#turns.due) await this.#turns.next();
    return { value: parseObject(body, answer, doing), bytes: body.length };
  }

  /** An answer with status 2xx whose body is still to be read. Rejects with KubeError. */
  async open(request: ApiRequest): Promise<Answer> {
    let grant = await this.#grants.current();
    for (let attempt = 0; ; attempt++) {
      try {
        const answer = await this.#send(request, grant);
        if (answer.status >= 200 && answer.status < 300) return answer;
        const doing = describe(request, this.#access.name);
        const body = await readBody(answer, errorBytes, doing);
        throw this.#startingOr(answerError(answer.status, answer.headers, body, doing));
      } catch (error) {
        if (error instanceof KubeError && error.reason === 'Certificate') this.#grants.doubt(grant);
        if (attempt > 0 || !(error instanceof KubeError) || request.signal?.aborted) throw error;
        if (error.code === 401) {
          if (!this.#grants.refuse(grant)) throw error;
          grant = await this.#grants.current();
        } else if (!error.unsent || error.reason !== 'Closed') throw error;
      }
    }
  }

  /** Reads who asks and whom to trust anew at once. */
  renew(): void {
    this.#grants.renew().catch(() => undefined);
  }

  /** A server begins to answer before it has read its roles, and refuses everything until it has. */
  #startingOr(error: KubeError): KubeError {
    const unready = rightless.test(error.message) && this.sessions.starting;
    if (!error.forbidden || !(unready || notYetReady.test(error.message))) return error;
    const message = `${error.message}; the API server is only just back and may not know its roles yet`;
    return new KubeError(503, 'Starting', message, { retryAfterMs: startingAgainMs, cause: error });
  }

  close(): void {
    this.#closing.abort();
    this.sessions.close();
  }

  async #send(request: ApiRequest, grant: Grant): Promise<Answer> {
    const { signal } = request;
    const body = request.body === undefined ? undefined : Buffer.from(JSON.stringify(request.body));
    const doing = describe(request, this.#access.name);
    const headers = this.#headers(request, grant, body);
    let stream: ClientHttp2Stream;
    try {
      stream = await this.sessions.request(grant.tls, headers, {
        long: request.long === true,
        endStream: body === undefined,
      });
    } catch (error) {
      if (error instanceof KubeError) throw error;
      // Between picking the session and using it the session ended.
      throw new KubeError(0, 'Closed', `${doing}: the connection ended (${codeOf(error)})`, {
        unsent: true,
        cause: error,
      });
    }
    return receive(stream, { body, signal, doing, long: request.long === true, requestMs: this.limits.requestMs });
  }

  #headers(request: ApiRequest, grant: Grant, body: Buffer | undefined): OutgoingHttpHeaders {
    const query = new URLSearchParams(request.query).toString();
    const joint = query === '' ? '' : request.path.includes('?') ? '&' : '?';
    return {
      ...Object.fromEntries(
        Object.entries(grant.headers).map(([name, value]) => [name, typeof value === 'string' ? value : [...value]]),
      ),
      ':method': request.method,
      ':scheme': this.#access.server.startsWith('https:') ? 'https' : 'http',
      ':authority': this.#authority,
      ':path': `${this.#base}${request.path}${joint}${query}`,
      accept: 'application/json',
      'user-agent': 'weir',
      ...(body === undefined
        ? {}
        : { 'content-type': request.contentType ?? 'application/json', 'content-length': body.length }),
      // Kept out of the tables of header compression.
      [sensitiveHeaders]: ['authorization'],
    };
  }
}

/** `GET /api/v1/services of prod`, for messages. */
function describe({ method, path }: ApiRequest, name: string): string {
  return `${method} ${path.split('?')[0]} of ${name}`;
}
