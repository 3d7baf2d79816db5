/** What decides in a group of two voters while they do not hear each other; with one, three or five it means nothing. */
export type Mode = 'witness' | 'api' | 'strict' | 'available';

export const modes: readonly Mode[] = ['witness', 'api', 'strict', 'available'];

const notices: Record<Mode, string> = {
  witness:
    'a third machine votes and owns nothing: one node may die, and two never answer for one address; without the witness it is as strict',
  api: 'the API server has the third vote: one node may die, and two never answer for one address; if the one that dies has just held that vote, or the other node and the API server are gone together, addresses are silent for 10 s or until one of them is back',
  strict:
    'both nodes must agree: two never answer for one address, and when one node dies, is stopped or cut off, no address is answered until it is back',
  available:
    'one node goes on alone while it reaches the gateway; if the two nodes cannot see each other and both reach the gateway, both may answer for the same address until they see each other again: set a witness to rule that out',
};

/** What a mode does and where its hole is, in one sentence for people. */
export function modeNotice(mode: Mode): string {
  return notices[mode];
}

/** What is known of a group before it begins. */
export interface Means {
  /** Nodes that may own addresses. */
  readonly nodes: number;
  /** A machine that only votes is configured. */
  readonly witness: boolean;
  /** There is an API server that keeps the third vote. */
  readonly api: boolean;
  readonly asked?: Mode | undefined;
}

export type Chosen =
  | { readonly ok: true; readonly mode: Mode | undefined; readonly notice: string | undefined }
  | { readonly ok: false; readonly reason: string };

/** The mode of a group of two: what was asked for, else the safest that the means allow; undefined where three or more (or one) decide by majority. */
export function chooseMode({ nodes, witness, api, asked }: Means): Chosen {
  if (asked === 'witness' && !witness) {
    return { ok: false, reason: 'mode: witness needs a machine that votes: give one of the peers `witness: true`' };
  }
  if (asked === 'api' && !api) {
    return {
      ok: false,
      reason: 'mode: api needs an API server: run weir in a cluster, or take witness, strict or available',
    };
  }
  if (nodes !== 2) return { ok: true, mode: undefined, notice: undefined };
  const best: Mode = witness ? 'witness' : api ? 'api' : 'available';
  const mode = witness ? 'witness' : (asked ?? best);
  return { ok: true, mode, notice: modeNotice(mode) };
}
