/**
 * The path of the runtime socket, made anew where somebody took it away. A worker inherits the listeners that its file names and never binds
 * them again, so a worker that knows another path has to come between.
 */
import { rm } from 'node:fs/promises';
import { WeirError } from '../../src/model/index.ts';
import { configName, onDisk, readText, writeAtomic } from './files.ts';

/**
 * Loads the file of the directory once with another path of the socket: the next load of it makes the path itself. The file is as it was
 * afterwards. @throws WeirError as `load`, E_DISK; E_HAPROXY_SOCKET when the file names another socket.
 */
export async function loadWithOtherSocket(
  directory: string,
  runtimeSocket: string,
  load: () => Promise<unknown>,
): Promise<void> {
  const path = `${directory}/${configName}`;
  const text = (await readText(path)) ?? '';
  const line = `stats socket ${runtimeSocket} `;
  const other = `${runtimeSocket}.new`;
  if (!text.includes(line))
    throw new WeirError('E_HAPROXY_SOCKET', `${path} does not name ${runtimeSocket}, which is gone`);
  await writeAtomic(
    path,
    text.replace(line, () => `stats socket ${other} `),
  );
  try {
    await load();
  } finally {
    await writeAtomic(path, text);
    await onDisk(other, () => rm(other, { force: true }));
  }
}
