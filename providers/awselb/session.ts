import type { Context, ExportedService, Session, Unit } from '../../src/model/index.ts';
import { createApply } from './apply.ts';
import { assureStep } from './assure.ts';
import { attributeRounds } from './attribute-rounds.ts';
import { type ClientParts, createClients } from './clients.ts';
import { createDiscovery } from './discover.ts';
import type { Drive } from './drive.ts';
import { Known } from './known.ts';
import { loadBalancerId, unitName } from './names.ts';
import { Neighbours } from './neighbours.ts';
import type { Options } from './options.ts';
import { tellOrphans } from './orphans.ts';
import { stackOfService } from './owners.ts';
import { findPlace } from './region.ts';
import { Registered } from './registered.ts';
import { report } from './report.ts';
import { Snapshot } from './snapshot.ts';
import { placeOf, WantedStacks } from './wanted-stacks.ts';

/** What only tests and emulators set. */
export type Wiring = Pick<ClientParts, 'requestHandler' | 'maxAttempts' | 'credentials'>;

/** One account and region, as one weir sees and changes it. */
export async function openSession(options: Options, ctx: Context, wiring: Wiring): Promise<Session> {
  const end = new AbortController();
  const { region, machineVpc } = await findPlace(options, process.env, end.signal);
  const clients = createClients({ ...wiring, options, region, ctx, signal: end.signal });
  const registered = new Registered(ctx.stateDir);
  const stacks = new WantedStacks(placeOf(region, options), ctx);
  const known = new Known();
  const drive: Drive = { clients, known, options, cluster: options.clusterName, region, ctx, registered, stacks };
  /** Of whoever asked last: what many wait for is not ended by one. */
  const live = () => end.signal;
  const snapshot = new Snapshot(drive, live);
  const place = { region, cluster: options.clusterName, endpoint: options.endpoint };
  const neighbours = new Neighbours(ctx.balancer, place, wiring.requestHandler);
  const discovery = createDiscovery(drive, snapshot, machineVpc, live);
  const attributes = attributeRounds(drive, snapshot, live);
  const apply = createApply(drive, (step, made) => snapshot.wrote(step, made));
  let services: readonly ExportedService[] | undefined;

  return {
    async discover(next, signal, besides = []) {
      signal.throwIfAborted();
      const environment = await untilAborted(discovery.find(next, besides), signal);
      stacks.want(snapshot.owners.wanted());
      neighbours.check(snapshot.account);
      // At the start everything is new, and nothing has changed.
      if (services !== undefined) attributes.hasten(unitsOf(differing(services, next)));
      services = next;
      return environment;
    },
    moved: () => snapshot.moved(),
    async observe(scope, signal, depth = 'complete') {
      signal.throwIfAborted();
      if (scope !== 'all') {
        const part = await untilAborted(depth === 'health' ? snapshot.health(scope) : snapshot.units(scope), signal);
        neighbours.check(snapshot.account);
        if (depth === 'health') return part;
        keepStacks();
        if (!(await untilAborted(attributes.leaving(part), signal))) return part;
        for (const unit of scope) snapshot.inHand(unit);
        return untilAborted(snapshot.units(scope), signal);
      }
      const reading = await untilAborted(snapshot.all(depth === 'quick'), signal);
      neighbours.check(snapshot.account);
      for (const { kind, id, handle, owned } of reading) if (kind === 'LoadBalancer' && owned) noteStack(id, handle);
      keepStacks();
      if (depth === 'quick') {
        const more = await untilAborted(attributes.leaving(reading), signal);
        attributes.start(end.signal);
        return more ? snapshot.again() : reading;
      }
      await untilAborted(attributes.all(), signal);
      return snapshot.again();
    },
    async apply(step, signal) {
      try {
        await assureStep(step, drive, snapshot);
        stacks.keep('before a call');
        registered.begin(step);
        snapshot.begin(step);
        const made = await apply(step, signal);
        if (step.kind === 'LoadBalancer' && made !== undefined) {
          noteStack(step.id, made);
          // It may take the place of another one, of which must be known whether it may go.
          attributes.hasten(new Set([step.unit]));
        }
        registered.done(step);
        return made;
      } catch (error) {
        // Some of it may have been done.
        snapshot.doubt(step.unit);
        throw error;
      }
    },
    report: (wanted, observed) => report(wanted, observed, snapshot.account),
    troubles: () => [
      ...discovery.troubles(),
      ...stacks.troubles(),
      ...tellOrphans(snapshot.orphans(), options.clusterName).map((message) => ({
        code: 'W_ORPHAN' as const,
        message,
      })),
    ],
    // Load balancers serve on without us; what shall go is deleted by a plan.
    async close() {
      end.abort();
      keepStacks();
      neighbours.leave();
      clients.destroy();
    },
  };

  function noteStack(lb: string, handle: string): void {
    const key = snapshot.owners.keyOf(lb);
    if (key !== undefined) stacks.note(key, handle);
  }

  /** Who follows writes nothing: another one leads, and remembers. */
  function keepStacks(): void {
    if (ctx.limiter.mayWrite?.() !== false) stacks.keep('beside');
  }

  function unitsOf(list: readonly ExportedService[]): ReadonlySet<Unit> {
    return new Set(list.map((service) => unitName(ctx.balancer, loadBalancerId(stackOfService(service, options)))));
  }
}

/** What came, and what went: its attributes say whether it may go. */
function differing(before: readonly ExportedService[], now: readonly ExportedService[]): readonly ExportedService[] {
  const [old, fresh] = [new Set(before), new Set(now)];
  return [...now.filter((service) => !old.has(service)), ...before.filter((service) => !fresh.has(service))];
}

/** The work goes on for others; who gave up does not wait for it. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () =>
      reject(signal.reason instanceof Error ? signal.reason : new DOMException('aborted', 'AbortError'));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
