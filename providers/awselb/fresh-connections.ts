/**
 * Connections that came about while the call that waits for them may still be made. A call is let go before it has a connection; a process
 * that stands still meanwhile, and another one leads by then, would send it as the first thing when it goes on. So it is looked again when
 * the connection stands, and when the bytes go to the kernel: what is left are the few microseconds in between.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

type Made = (error: Error | null, socket: Duplex) => void;
type Connect = HttpAgent['createConnection'];

/** Why a call may not be sent any more; asked at the moment itself. */
export type Refusal = () => Error | undefined;

export interface FreshConnections {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
  /** Sends something; each request that this makes fails with the refusal in place of its first byte. */
  sending<T>(refusal: Refusal, send: () => T): T;
  destroy(): void;
}

/** Kept alive. None waits for another to be free: the limiter bounds how many there are. `mayWrite`: whether this weir leads at this moment. */
export function freshConnections(mayWrite: () => boolean): FreshConnections {
  const options = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const [httpAgent, httpsAgent] = [new HttpAgent(options), new HttpsAgent(options)];
  httpAgent.createConnection = fresh(httpAgent.createConnection.bind(httpAgent), 'connect', mayWrite);
  httpsAgent.createConnection = fresh(httpsAgent.createConnection.bind(httpsAgent), 'secureConnect', mayWrite);
  const refusals = new AsyncLocalStorage<Refusal>();
  const created = (message: unknown) => {
    const refusal = refusals.getStore();
    const request =
      typeof message === 'object' && message !== null && 'request' in message ? message.request : undefined;
    if (refusal === undefined || !(request instanceof ClientRequest)) return;
    request.once('socket', (socket) => guardNextWrite(socket, refusal));
  };
  subscribe(requestCreated, created);
  return {
    httpAgent,
    httpsAgent,
    sending: (refusal, send) => refusals.run(refusal, send),
    destroy() {
      unsubscribe(requestCreated, created);
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

const requestCreated = 'http.client.request.created';

/** A request is written as a whole by the first write: there is nothing of ours between this look and the kernel. */
function guardNextWrite(socket: Socket, refusal: Refusal): void {
  const { _write: write, _writev: writev } = socket;
  const refused = (): Error | undefined => {
    socket._write = write;
    if (writev !== undefined) socket._writev = writev;
    return refusal();
  };
  socket._write = (chunk, encoding, done) => {
    const error = refused();
    if (error === undefined) write.call(socket, chunk, encoding, done);
    else done(error);
  };
  if (writev === undefined) return;
  socket._writev = (chunks, done) => {
    const error = refused();
    if (error === undefined) writev.call(socket, chunks, done);
    else done(error);
  };
}

/** Hands a connection over when it stands, not before; one that took so long that the lead was lost breaks: what only reads is sent anew. */
function fresh(connect: Connect, standing: string, mayWrite: () => boolean): Connect {
  return (options, made: Made = () => {}) => {
    const led = mayWrite();
    const socket = connect(options);
    if (socket === undefined || socket === null) return socket;
    const fail = (error: Error) => made(error, socket);
    socket.once('error', fail);
    socket.once(standing, () => {
      socket.off('error', fail);
      if (!led || mayWrite()) made(null, socket);
      else {
        socket.destroy();
        made(Object.assign(new Error('this weir does not lead any more'), { code: 'ETIMEDOUT' }), socket);
      }
    });
    return undefined;
  };
}
