import { parseAddress } from '../../src/net/index.ts';
import { runProgram } from './kernel/run-program.ts';

/** Of `ip neigh show`: MAC → the addresses that the kernel has heard it answer for. */
export function readNeighbors(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [first = '', mac] = [line.split(' ', 1)[0], / lladdr (\S+)/.exec(line)?.[1]?.toLowerCase()];
    const address = parseAddress(first);
    if (mac !== undefined && address.ok) found.set(mac, [...(found.get(mac) ?? []), address.value]);
  }
  return found;
}

/** Tells machines by their MACs, as the kernel knows them now; what is asked for meanwhile is looked up once. */
export class Neighbors {
  #looking: Promise<ReadonlyMap<string, readonly string[]>> | undefined;

  /** Empty: nobody is known by it. */
  async of(mac: string): Promise<readonly string[]> {
    this.#looking ??= look().finally(() => {
      this.#looking = undefined;
    });
    return (await this.#looking).get(mac.toLowerCase()) ?? [];
  }
}

async function look(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await runProgram('ip', ['neigh', 'show']);
  return readNeighbors(stdout);
}
