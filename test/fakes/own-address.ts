/** Addresses under 127/8 that no other test uses, also not one of another checkout on the same machine: every test file is a process. */

/** A loopback address of this process, all ports of which are free. `number`: from 0 to 11, for several at a time. */
export function ownAddress(number = 0): string {
  const { pid } = process;
  return `127.${64 + number * 16 + ((pid >> 16) & 15)}.${(pid >> 8) & 255}.${pid & 255}`;
}
