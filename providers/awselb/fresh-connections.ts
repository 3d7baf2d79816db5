/**
 * Connections that came about while the call that waits for them may still be made. A call is let go before it has a connection; a process
 * that stands still meanwhile, and another one leads by then, would send it as the first thing when it goes on.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';

type Made = (error: Error | null, socket: Duplex) => void;
type Connect = HttpAgent['createConnection'];

export interface FreshConnections {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

/** Kept alive. None waits for another to be free: the limiter bounds how many there are. `mayWrite`: whether this weir leads at this moment. */
export function freshConnections(mayWrite: () => boolean): FreshConnections {
  const options = { keepAlive: true, maxSockets: Number.POSITIVE_INFINITY };
  const [httpAgent, httpsAgent] = [new HttpAgent(options), new HttpsAgent(options)];
  httpAgent.createConnection = fresh(httpAgent.createConnection.bind(httpAgent), 'connect', mayWrite);
  httpsAgent.createConnection = fresh(httpsAgent.createConnection.bind(httpsAgent), 'secureConnect', mayWrite);
  return { httpAgent, httpsAgent };
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
