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
