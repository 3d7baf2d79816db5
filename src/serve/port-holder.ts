import { readdir, readFile, readlink } from 'node:fs/promises';

/** Who listens on a TCP port, in words: `process 123 (nginx)`. Undefined where the system does not tell (not Linux, another user's process). */
export async function findPortHolder(port: number): Promise<string | undefined> {
  const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map(readText));
  const sockets = new Set(tables.flatMap((table) => listeningSockets(table, port)));
  if (sockets.size === 0) return undefined;
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || !(await holdsOne(pid, sockets))) continue;
    const name = (await readText(`/proc/${pid}/comm`)).trim();
    return name === '' ? `process ${pid}` : `process ${pid} (${name})`;
  }
  return undefined;
}

/** Rows of the kernel's table in state LISTEN (0A), as `/proc/PID/fd` names their sockets. */
function listeningSockets(table: string, port: number): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const own = Number.parseInt(local.split(':')[1] ?? '', 16);
    return state === '0A' && own === port && inode !== undefined ? [`socket:[${inode}]`] : [];
  });
}

async function holdsOne(pid: string, sockets: ReadonlySet<string>): Promise<boolean> {
  for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    if (sockets.has(target)) return true;
  }
  return false;
}

function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
