import { awselbHarness } from './awselb-harness.ts';
import { conformance } from './conformance.ts';

conformance(awselbHarness('at once', {}));
conformance(
  awselbHarness('things take their time', {
    loadBalancer: { ms: 8_000 },
    target: { ms: 5_000 },
    interfaces: { ms: 10_000 },
    releaseCalls: 2,
  }),
);
