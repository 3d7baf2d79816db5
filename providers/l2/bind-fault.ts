import { placeText } from './names.ts';

/** Why nothing can be heard at this place, with what to do. */
export function bindFault(error: unknown, node: string, place: { readonly address: string; readonly port: number }) {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const at = placeText(place);
  if (code === 'EADDRNOTAVAIL')
    return new Error(
      `${at} is where ${node} hears the others, and no address of this machine, which is called ${node}: set \`instance\` to the name that peers has for this machine (no two may have the same), or correct its address there`,
    );
  if (code === 'EADDRINUSE')
    return new Error(
      `UDP port ${at}, where ${node} hears the others, is taken by another program: end it, or set another \`port\` on all machines`,
    );
  return error instanceof Error ? error : new Error(String(error));
}
