/** Whether a worker asks its clients to close their connections: a variable that the frontends look at (`drainLine`). */
import { WeirError } from '../../src/model/index.ts';
import { drainVariable } from './names.ts';
import type { RuntimeSocket } from './socket.ts';

/** @throws WeirError E_HAPROXY_SOCKET */
export async function isDraining(runtime: RuntimeSocket): Promise<boolean> {
  return /type=bool value=<1>/.test(await runtime.ask(`get var ${drainVariable}`));
}

/** @throws WeirError E_HAPROXY_SOCKET, E_HAPROXY_COMMAND */
export async function tellDraining(runtime: RuntimeSocket, draining: boolean): Promise<void> {
  // Experimental in every version that has it, and the same in all of them.
  const line = `set var ${drainVariable} bool(${draining})`;
  const [, answer = ''] = await runtime.run([{ line: 'experimental-mode on' }, { line }]);
  if (answer !== '')
    throw new WeirError('E_HAPROXY_COMMAND', `${line} was answered with ${JSON.stringify(answer.slice(0, 120))}`);
}
