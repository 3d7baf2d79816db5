/** One question at a time to the edge, outside of every count: is a change in force? */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Wire } from '../client/wire.ts';

/** Who answers a request for this host and path; undefined: nobody, or an answer that is none of a target. */
export async function whoAnswers(port: number, authority: string, path = '/'): Promise<string | undefined> {
  const wire = new Wire({ port });
  const timer = setTimeout(() => wire.fail('time-out'), 2_000);
  const outcome = await new Promise<{ target?: string }>((resolve) =>
    wire.ask(`GET ${path} HTTP/1.1\r\nHost: ${authority}\r\nConnection: close\r\n\r\n`, resolve),
  );
  clearTimeout(timer);
  wire.close();
  return outcome.target;
}

/** SHA-256 fingerprint of the certificate that a server name gets. */
export function whichCertificate(port: number, serverName: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTls({ port, host: '127.0.0.1', servername: serverName, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', () => resolve(undefined));
    socket.setTimeout(2_000, () => {
      resolve(undefined);
      socket.destroy();
    });
  });
}

/** Whether anyone accepts. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      resolve(true);
      socket.destroy();
    });
    socket.on('error', () => resolve(false));
  });
}
