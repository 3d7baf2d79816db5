/** The conformance suite on the real announcing, run as a program of its own on a machine of a virtual LAN. */
import { provider } from '../../providers/l2/index.ts';
import type { Target } from '../../src/model/index.ts';
import { conformance } from '../conformance/conformance.ts';

let port = 8000;
let targets = 0;

conformance({
  provider,
  // The gates close with the thread: a new one finds what the old one was told, and begins anew.
  volatile: true,
  options: () => ({}),
  reset: async () => {},
  port: async () => (port += 1),
  targets: async (count) =>
    Array.from({ length: count }, (): Target => {
      targets += 1;
      return { address: '192.0.2.1', port: 1024 + targets, weight: 1, state: 'ready' };
    }),
  // One that has the port of another one has its address, too.
  dressed(service) {
    const last = 100 + ((service.fronts[0]?.port ?? 0) % 100);
    const list = [`10.77.0.${last}`];
    return { ...service, address: { list, families: ['ipv4'], held: [] } };
  },
});
