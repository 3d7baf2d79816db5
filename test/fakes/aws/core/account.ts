import { readShape } from '../wire/shape.ts';
import { isRecord } from '../wire/write-xml.ts';
import { AwsError, BrokenConnection } from './aws-error.ts';
import { type BucketSizes, Buckets } from './buckets.ts';
import type { Call } from './call.ts';
import { type Effect, Faults } from './faults.ts';
import { type Entry, Journal, type JsonLike } from './journal.ts';
import type { Service } from './service.ts';
import { validate } from './validate.ts';
import { watchReads } from './watch-reads.ts';
import type { World } from './world.ts';

/** Called around every call; what it throws breaks the connection there, as a crash of the caller would. */
export interface Hooks {
  before?: (call: Call) => void | Promise<void>;
  /** The call is done (or refused), nobody was told yet. */
  after?: (call: Call, outcome: Entry['outcome']) => void | Promise<void>;
}

/** Sees every write right before and right after it is done, before anybody is told. */
export interface Observer {
  before(call: Call): void;
  after(call: Call): void;
}

/** One account's life: counts, journals, throttles, disturbs and does calls, one at a time. */
export class Account {
  readonly world: World;
  readonly services: ReadonlyMap<string, Service>;
  readonly journal = new Journal();
  readonly faults = new Faults();
  readonly hooks: Hooks = {};
  /** Calls that no AWS model knows; a good test ends with none. */
  readonly loud: string[] = [];
  readonly #buckets: Buckets;
  readonly #observer: Observer;

  constructor(
    world: World,
    services: ReadonlyMap<string, Service>,
    { buckets, observer }: { buckets: BucketSizes; observer: Observer },
  ) {
    this.world = world;
    this.services = services;
    this.#buckets = new Buckets(buckets);
    this.#observer = observer;
  }

  /**
   * One call: `read` turns what came over the wire into parameters by the input's shape.
   * Throws AwsError for what AWS refuses and BrokenConnection for what gets lost.
   */
  async call(service: Service, name: string, read: () => unknown, signal?: AbortSignal): Promise<unknown> {
    const action = service.actions.get(name);
    if (action === undefined) {
      const error = new AwsError(
        'InvalidAction',
        `The action ${name} is not valid for this endpoint (${service.name})`,
        { loud: true },
      );
      throw error;
    }
    const { world } = this;
    const params = read();
    const call: Call = {
      index: ++world.moment.index,
      service: service.name,
      action: name,
      iamAction: `${service.iam}:${name}`,
      params: params as JsonLike,
      atMs: world.clock.now(),
    };
    const entry: Entry = { ...call, write: action.class !== 'read' };
    this.journal.add(entry);
    await this.#hook('request', () => this.hooks.before?.(call));
    try {
      const effects = await this.#suffer(service, call, signal);
      if (!this.#buckets.take(service.name, action.class, world.clock.now())) throw throttled(service);
      validate(params, readShape(action.schema[4]), service);
      refuseDryRun(service, params);
      world.lingering.settle();
      if (entry.write) this.#observer.before(call);
      const watched = watchReads(params);
      const output = action.run(watched.params);
      const ignored = watched.unread().filter((key) => !service.inert.has(`${name}.${key}`));
      for (const key of ignored)
        this.loud.push(`${service.name} ${name}: the fake does nothing with the parameter ${key}`);
      if (entry.write) this.#observer.after(call);
      const lost = effects.some(({ kind }) => kind === 'lose reply');
      entry.outcome = { kind: lost ? 'reply lost' : 'done', output };
      await this.#hook('reply', () => this.hooks.after?.(call, entry.outcome));
      if (lost) throw new BrokenConnection('reply');
      return output;
    } catch (error) {
      if (entry.outcome === undefined) entry.outcome = outcomeOf(error, service);
      if (error instanceof AwsError) await this.#hook('reply', () => this.hooks.after?.(call, entry.outcome));
      throw error;
    }
  }

  async #suffer(service: Service, call: Call, signal: AbortSignal | undefined): Promise<readonly Effect[]> {
    const effects = this.faults.strike(call);
    for (const effect of effects) {
      switch (effect.kind) {
        case 'delay':
          await this.world.clock.sleep(effect.ms, signal);
          break;
        case 'throttle':
          throw throttled(service);
        case 'error':
          throw new AwsError(effect.code, effect.message ?? effect.code, { status: effect.status ?? 400 });
        case 'deny':
          throw new AwsError(
            service.codes.denied,
            `User: arn:aws:iam::${this.world.accountId}:user/weir is not authorized to perform: ${call.iamAction} because no identity-based policy allows the ${call.iamAction} action`,
            { status: 403 },
          );
        case 'lose request':
          throw new BrokenConnection('request');
        case 'lose reply':
          break;
      }
    }
    return effects;
  }

  async #hook(lost: 'request' | 'reply', run: () => void | Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      throw Object.assign(new BrokenConnection(lost), { cause: error });
    }
  }
}

/** EC2's DryRun: allowed and valid, and nothing is done. */
function refuseDryRun({ protocol }: Service, params: unknown): void {
  if (protocol !== 'ec2' || !isRecord(params) || params.DryRun !== true) return;
  throw new AwsError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', { status: 412 });
}

function throttled({ codes }: Service): AwsError {
  return new AwsError(codes.throttled, 'Rate exceeded', {
    status: codes.throttled === 'RequestLimitExceeded' ? 503 : 400,
  });
}

function outcomeOf(error: unknown, { codes }: Service): NonNullable<Entry['outcome']> {
  if (error instanceof BrokenConnection) return { kind: 'request lost' };
  if (!(error instanceof AwsError)) return { kind: 'error', code: 'InternalFailure', message: String(error) };
  if (error.code === codes.throttled) return { kind: 'throttled', code: error.code };
  return { kind: 'error', code: error.code, message: error.message };
}
