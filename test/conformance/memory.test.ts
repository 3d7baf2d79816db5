import { conformance } from './conformance.ts';
import { memoryHarness } from './memory-harness.ts';

conformance(memoryHarness('at once', {}));
conformance(memoryHarness('health and draining take time', { healthMs: 3000, drainMs: 2000 }));
conformance(memoryHarness('readings are late', { healthMs: 1000, readLagMs: 1500 }));
