/**
 * What must not outlive the test process, however that ends: processes, network namespaces, one directory. A shell in a session of
 * its own holds the list and reads from a pipe; when the pipe ends, because the test ended it or died, the shell removes everything.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A process counts as ours only while its command line names the directory: a number may have gone to somebody else. Namespaces go
 * after processes, the directory last: what still writes would make files anew.
 */
const reaper = `
while read -r word name; do
  case $word in
    process) processes="$processes $name" ;;
    namespace) namespaces="$namespaces $name" ;;
  esac
done
for pid in $processes; do
  grep -qaF -e "$1" "/proc/$pid/cmdline" 2>/dev/null && kill -KILL "$pid" 2>/dev/null
done
for name in $namespaces; do ip netns del "$name" 2>/dev/null; done
for again in 1 2 3 4 5; do rm -rf -- "$1" && break; sleep 0.2; done
`;

export interface Remains {
  /** A new one below the system's directory for temporary files. Everything that is registered names it in its command line. */
  readonly directory: string;
  process(pid: number): void;
  namespace(name: string): void;
  /** Removes everything now. */
  clear(): Promise<void>;
}

/** Begins a list of what is to be removed. Holds no event loop open. `what` goes into the directory's name. */
export function keepRemains(what: string): Remains {
  const directory = mkdtempSync(join(tmpdir(), `weir-${what}-`));
  // Away from the group: whoever ends the tests with a signal to their group must not end the reaper first.
  const shell = spawn('sh', ['-c', reaper, 'reaper', directory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise<void>((resolve) => shell.once('close', () => resolve()));
  shell.unref();
  unrefStream(shell.stdin);
  const tell = (line: string) => shell.stdin.write(`${line}\n`);
  return {
    directory,
    process: (pid) => tell(`process ${pid}`),
    namespace: (name) => tell(`namespace ${name}`),
    async clear() {
      shell.ref();
      shell.stdin.end();
      await ended;
    },
  };
}

/** The pipe of a child is a socket, which its type does not say. */
function unrefStream(stream: object): void {
  if ('unref' in stream && typeof stream.unref === 'function') stream.unref();
}
