import { provider } from '../../providers/builtin/index.ts';
import { conformance } from './conformance.ts';
import { RealTraffic } from './real-traffic.ts';

const traffic = new RealTraffic('127.0.0.1');

conformance({
  provider,
  volatile: true,
  options: () => ({ addresses: ['127.0.0.1'], closeGraceMs: 0 }),
  // The relay lives in the session: each rig begins with none.
  reset: async () => {},
  close: () => traffic.close(),
  port: () => traffic.port(),
  targets: (count) => traffic.targets(count),
  answers: (service) => traffic.answers(service),
});
