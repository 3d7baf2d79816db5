import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { TlsMaterial } from './access.ts';
import { KubeError } from './kube-error.ts';
import { codeOf } from './read-kubeconfig.ts';

/**
 * A connection to the server on which HTTP/2 has been agreed. Rejects with KubeError: `Unreachable`, `Certificate`, `Timeout`, or `Http1`
 * where something between here and the server speaks HTTP/1.1 only.
 */
export function openSocket(server: URL, tls: TlsMaterial, connectMs: number, signal: AbortSignal): Promise<Socket> {
  const host = server.hostname.replace(/^\[|\]$/g, '');
  const secure = server.protocol === 'https:';
  const port = Number(server.port || (secure ? 443 : 80));
  return new Promise((done, fail) => {
    const socket = secure ? openTls(host, port, tls) : connectTcp({ host, port });
    const event = secure ? 'secureConnect' : 'connect';
    const settle = (error?: KubeError) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      socket.off(event, connected).off('close', closed);
      if (error === undefined) {
        socket.off('error', failed);
        return done(socket);
      }
      // Its listener for errors stays: what else goes wrong while it is thrown away concerns nobody.
      socket.destroy();
      fail(error);
    };
    const unsent = true;
    const failed = (error: Error) => settle(explain(error, server));
    const closed = () =>
      settle(new KubeError(0, 'Unreachable', `${server.origin} closed the connection at once`, { unsent }));
    const abort = () => settle(new KubeError(0, 'Aborted', 'aborted', { unsent }));
    const connected = () => {
      socket.setNoDelay(true);
      socket.setKeepAlive(true, 15_000);
      settle(secure && 'alpnProtocol' in socket && socket.alpnProtocol !== 'h2' ? http1(server) : undefined);
    };
    const timer = setTimeout(
      () => settle(new KubeError(0, 'Timeout', `${server.origin} does not answer within ${connectMs} ms`, { unsent })),
      connectMs,
    );
    socket.on('error', failed);
    socket.on('close', closed);
    socket.on(event, connected);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}

function openTls(host: string, port: number, tls: TlsMaterial): TLSSocket {
  const { ca, cert, key, serverName, insecure } = tls;
  return connectTls({
    host,
    port,
    ALPNProtocols: ['h2', 'http/1.1'],
    rejectUnauthorized: !insecure,
    minVersion: 'TLSv1.2',
    // An address is no server name (RFC 6066); it is compared with the certificate all the same.
    ...(serverName === undefined ? (isIP(host) === 0 ? { servername: host } : {}) : { servername: serverName }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}

function http1(server: URL): KubeError {
  return new KubeError(
    0,
    'Http1',
    `${server.origin} speaks HTTP/1.1 only: weir needs HTTP/2 to notice dead connections; let the proxy before the API server pass TLS through or offer HTTP/2 (ALPN h2)`,
    { unsent: true },
  );
}

function explain(error: Error, server: URL): KubeError {
  const code = codeOf(error);
  const options = { unsent: true, cause: error };
  if (/CERT|SELF_SIGNED|UNABLE_TO|ALTNAME|ERR_TLS/.test(code))
    return new KubeError(
      0,
      'Certificate',
      `${server.origin}: its certificate is not trusted (${code}): correct certificate-authority or tls-server-name`,
      options,
    );
  if (/^ERR_SSL|^EPROTO/.test(code))
    return new KubeError(
      0,
      'Certificate',
      `${server.origin}: TLS failed (${code}): correct the port, or the client certificate`,
      options,
    );
  return new KubeError(0, 'Unreachable', `${server.origin} cannot be reached (${code})`, options);
}
