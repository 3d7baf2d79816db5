/** Open files: HAProxy starts only when it may open as many as its configuration needs, and `haproxy -c` does not tell. */
import { readFileSync } from 'node:fs';
import { WeirError } from '../../src/model/index.ts';
import { defaultConnections } from './options.ts';
import { readProc } from './process-id.ts';

/** How many files a process that we start may open at most: its hard limit, or the kernel's where it may raise that. */
export function descriptorLimit(
  limits = readProc('self', 'limits'),
  status = readProc('self', 'status'),
  kernel = kernelLimit(),
): number {
  const [, text = ''] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  const hard = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  if (text === '' || Number.isNaN(hard)) return Number.POSITIVE_INFINITY;
  const [, mask = '0'] = /^CapEff:\s+([0-9a-f]+)/m.exec(status) ?? [];
  const sysResource = (BigInt(`0x${mask}`) >> 24n) & 1n;
  return sysResource === 1n ? Math.max(hard, kernel) : hard;
}

function kernelLimit(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/nr_open', 'utf8'));
  } catch {
    return 0;
  }
}

/**
 * Connections that fit under the limit where nobody asked for a number: half of what is left after a reserve for listeners, checks and
 * threads, so that a machine with a low limit serves fewer instead of nothing.
 */
export function affordableConnections(limit = descriptorLimit()): number {
  return Math.max(100, Math.min(defaultConnections, Math.floor((limit * 0.9 - 300) / 2)));
}

/** @throws WeirError E_FD_LIMIT when `needed` descriptors are more than HAProxy may open. */
export function checkDescriptors(needed: number, limit = descriptorLimit()): void {
  if (needed > limit)
    throw new WeirError(
      'E_FD_LIMIT',
      `HAProxy needs ${needed} open files and may have ${limit}; raise LimitNOFILE (ulimit -Hn) or lower options.maxConnections`,
    );
}
