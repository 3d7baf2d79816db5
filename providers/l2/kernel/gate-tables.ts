import { deleteText, tableInc } from './gate-text.ts';
import type { NftSession } from './nft-session.ts';
import type { Outcome } from './run-program.ts';

export interface GateTable {
  readonly family: string;
  readonly name: string;
}

type Look = (args: readonly string[]) => Promise<Outcome>;

/** All tables of gates on this machine, of every incarnation; or why they cannot be listed. */
export async function listTables(look: Look): Promise<readonly GateTable[] | string> {
  const { ok, stdout, stderr } = await look(['list', 'tables']);
  if (!ok) return stderr;
  return [...stdout.matchAll(/^table (\w+) (\S+)$/gm)]
    .map(([, family = '', name = '']) => ({ family, name }))
    .filter(({ name }) => tableInc(name) !== undefined);
}

/** Takes them all away; the addresses must no longer be accepted then. Resolves to what went wrong, if anything. */
export async function removeTables(session: Pick<NftSession, 'run'>, look: Look): Promise<string | undefined> {
  const tables = await listTables(look);
  if (typeof tables === 'string') return tables;
  if (tables.length === 0) return undefined;
  const answer = await session.run(deleteText(tables));
  return answer.ok ? undefined : answer.error;
}
