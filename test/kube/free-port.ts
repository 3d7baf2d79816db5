/** A port on loopback that nobody has, and that nobody is given by chance while a server is down and comes back to it. */
import { createServer } from 'node:net';

/** Below the range from which the kernel takes ports for connections and for `listen(0)`, and below node ports. */
const [lowest, count] = [20_000, 9_000];

export async function findFreePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = lowest + Math.floor(Math.random() * count);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${lowest} and ${lowest + count}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
