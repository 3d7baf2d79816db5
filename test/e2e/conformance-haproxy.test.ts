/** The conformance suite on the real HAProxy. */
import { provider } from '../../providers/haproxy/index.ts';
import { conformance } from '../conformance/conformance.ts';
import { RealTraffic } from '../conformance/real-traffic.ts';
import { ownAddress } from '../fakes/own-address.ts';

const address = ownAddress();
const traffic = new RealTraffic(address);

conformance({
  provider,
  options: () => ({ addresses: [address] }),
  // Each rig has a state directory of its own, and takes its HAProxy down at the end.
  reset: async () => {},
  close: () => traffic.close(),
  port: () => traffic.port(),
  targets: (count) => traffic.targets(count),
  answers: (service) => traffic.answers(service),
});
