/** A control plane, Nodes whose Pods answer, and one weir on HAProxy that reads and writes there: what tests of fields and faults share. */
import { get } from 'node:http';
import { connect } from 'node:net';
import { type ControlPlane, eventually, type Kubelet, startControlPlane, startKubelet } from '../kube/index.ts';
import { StatusUser } from './kube-status-stage.ts';

export interface Scene {
  readonly plane: ControlPlane;
  readonly kubelet: Kubelet;
  readonly user: StatusUser;
  /** Where HAProxy listens. */
  readonly address: string;
  /** One value of the metrics page; all values whose labels have these words, together. */
  metric(name: string, ...words: readonly string[]): Promise<number>;
  end(): Promise<void>;
}

/** weir is not started yet: `user.start`. */
export async function startScene(nodes = 1): Promise<Scene> {
  const plane = await startControlPlane();
  let kubelet: Kubelet | undefined;
  try {
    kubelet = await startKubelet({ plane, nodes });
    const user = await StatusUser.make(plane);
    const pods = kubelet;
    return {
      ...{ plane, kubelet, user, address: user.address },
      async metric(name, ...words) {
        const text = await (await fetch(`http://${user.address}:8378/metrics`)).text();
        const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
        const right = lines.filter((line) => words.every((word) => line.includes(word)));
        return right.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
      },
      async end() {
        await user.end();
        await pods.stop();
        await plane.stop();
      },
    };
  } catch (error) {
    await kubelet?.stop();
    await plane.stop();
    throw error;
  }
}

export interface Call {
  readonly port: number;
  readonly host?: string;
  readonly path?: string;
  /** Address of the client. */
  readonly from?: string;
}

/** Status and body of one request on a connection of its own, or the code of the error. */
export function answerOf(address: string, { port, host = address, path = '/', from }: Call): Promise<string> {
  return new Promise((resolve) => {
    const local = from === undefined ? {} : { localAddress: from };
    const options = { host: address, port, path, headers: { host }, agent: false, timeout: 5_000, ...local };
    const request = get(options, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => {
        text += part;
      });
      reply.on('end', () => resolve(`${reply.statusCode} ${text.trim()}`));
      reply.on('error', (error) => resolve(codeOf(error)));
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', (error) => resolve(codeOf(error)));
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

/** Asks until the answer is such a one. */
export function answers(address: string, call: Call, right: RegExp): Promise<string> {
  return eventually(
    () => answerOf(address, call),
    (answer) => right.test(answer),
  );
}

/** Whether anything listens there. */
export function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
