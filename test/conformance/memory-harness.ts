import { answering, forgetMemorySystem, memorySystem, provider } from '../../providers/memory/index.ts';
import { observe } from '../../providers/memory/observe.ts';
import { type ExportedService, type Target, WeirError } from '../../src/model/index.ts';
import type { Harness } from './harness.ts';
import { hostOf } from './services.ts';
import { SkippingClock } from './skipping-clock.ts';

/** What is asked of a cloud, asked of the one in memory: late reads, health that takes its time, draining. */
export function memoryHarness(variant: string, extra: Readonly<Record<string, unknown>>): Harness {
  const clock = new SkippingClock();
  const options = { store: `conformance ${variant}`, ...extra };
  const system = () => memorySystem(options);
  const rules = { healthMs: Number(extra.healthMs ?? 0), drainMs: Number(extra.drainMs ?? 0) };
  let ports = 1000;
  let addresses = 0;

  const foreign = async (kind: string, attrs: Record<string, string | number>, refs: Record<string, string> = {}) => {
    const handle = system().create({ kind, attrs, refs, sets: {} }, clock.wall());
    const before = JSON.stringify(system().get(handle));
    return async () => JSON.stringify(system().get(handle)) === before;
  };

  return {
    provider,
    variant,
    clock,
    options: () => options,
    reset: async () => forgetMemorySystem(options),
    settle: () => clock.sleep(Number(extra.readLagMs ?? 0)),
    port: async () => ports++,
    targets: async (count) =>
      Array.from({ length: count }, (): Target => {
        addresses++;
        return { address: `10.0.${addresses >> 8}.${addresses & 255}`, port: 80, weight: 100, state: 'ready' };
      }),
    async answers(service) {
      const [front] = service.fronts;
      if (front === undefined) throw new WeirError('E_BUG', 'a service without a front');
      const view = { owner: 'weir/main', nowMs: clock.wall() + 3_600_000, rules: { ...rules, sick: system().sick } };
      const seen = observe(system().all(), (handle) => system().get(handle), view);
      const lb = service.bundle?.key ?? service.id;
      const listener = `${front.port}/tcp`;
      // A service that was renamed or joined is found where its front is now.
      const places = seen
        .filter(({ attrs }) => String(attrs.place).endsWith(`:${listener}`))
        .map(({ attrs }) => String(attrs.place));
      const host = hostOf(service);
      const group = places.includes(`${lb}:${listener}`) ? lb : (places[0]?.slice(0, -listener.length - 1) ?? lb);
      return new Set(answering(seen, { lb: group, listener, ...(host === undefined ? {} : { host }) }).keys());
    },
    replaced: (service): ExportedService => ({ ...service, settings: { memory: { scheme: 'internet-facing' } } }),
    plantForeign: () => foreign('LoadBalancer', { name: 'theirs', scheme: 'internal', idleMs: 1 }),
    async plantInPlaceOf(service) {
      const { physicalName } = await import('../../providers/memory/names.ts');
      return foreign('LoadBalancer', {
        name: physicalName(service.id, { scheme: 'internal' }),
        scheme: 'internal',
        idleMs: 1,
      });
    },
  };
}
