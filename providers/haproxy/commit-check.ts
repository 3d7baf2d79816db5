/** Everything that can be known before HAProxy is asked to load a configuration. */
import { WeirError } from '../../src/model/index.ts';
import { runProgram } from './binary.ts';
import { configName } from './files.ts';
import type { Bind, Layout } from './layout.ts';
import { reasonOf } from './master.ts';
import { type PortRefusal, tryAddress, tryPort } from './port-trial.ts';

/** @throws WeirError E_HAPROXY_CONFIG with what HAProxy says about the candidate in a directory. */
export async function checkCandidate(binary: string, directory: string): Promise<void> {
  const { code, output } = await runProgram(binary, ['-c', '-f', configName], {
    cwd: directory,
    timeoutMs: 60_000,
    missing: 'E_HAPROXY_MISSING',
  });
  if (code !== 0) throw new WeirError('E_HAPROXY_CONFIG', reasonOf(output));
}

export function bindKey({ address, port }: Bind): string {
  return `${address} ${port}`;
}

/** Tries every port that the process does not listen on yet; `ours` undefined: addresses alone, as who listens may be that process. */
export async function tryPorts(
  wanted: Layout,
  listening: ReadonlySet<string>,
  ours: ReadonlySet<number> | undefined,
): Promise<readonly PortRefusal[]> {
  const refused: PortRefusal[] = [];
  for (const bind of wanted.binds) {
    if (listening.has(bindKey(bind))) continue;
    const refusal = await (ours === undefined ? tryAddress(bind) : tryPort(bind, ours));
    if (refusal !== undefined) refused.push(refusal);
  }
  return refused;
}
