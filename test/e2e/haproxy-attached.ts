/** A HAProxy that somebody else runs, as a service manager would: started when its file is there, started again when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Manager {
  /** How often it started HAProxy. */
  readonly starts: number;
  /** The master process; undefined while none runs. */
  readonly pid: number | undefined;
  /** Ends HAProxy as the manager would, and starts it no more. */
  end(): Promise<void>;
}

/** Runs `haproxy -W` on haproxy.cfg of the directory as soon as there is one, and again `restartMs` after each end. */
export function manageHaproxy(directory: string, masterSocket: string, restartMs = 50): Manager {
  let starts = 0;
  let child: ChildProcess | undefined;
  let ended = false;
  const run = async (): Promise<void> => {
    while (!ended) {
      if (existsSync(`${directory}/haproxy.cfg`)) {
        starts++;
        child = spawn('haproxy', ['-W', '-f', `${directory}/haproxy.cfg`, '-S', `${masterSocket},mode,600`], {
          stdio: 'ignore',
        });
        await once(child, 'exit');
        child = undefined;
      }
      await sleep(restartMs);
    }
  };
  const running = run();
  return {
    get starts() {
      return starts;
    },
    get pid() {
      return child?.pid;
    },
    async end() {
      ended = true;
      child?.kill('SIGTERM');
      await running;
    },
  };
}
