/** One open connection to the announcing of this machine: its thread is started by the first commit, so that who only plans changes nothing. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type Context, type Observed, type Resource, type Session, WeirError } from '../../src/model/index.ts';
import { Agreeing } from './agreeing.ts';
import { Announcing, type Audience } from './announcing.ts';
import { clearMachine } from './clear-machine.ts';
import { matches } from './kernel/interfaces.ts';
import { placeText, unitName } from './names.ts';
import { announces, networkEdges, observeLeft, observeRunning, observeTold, ownAddresses } from './observe.ts';
import type { Options } from './options.ts';
import { type Orders, ordersOf } from './orders.ts';
import { adopt, park } from './parked.ts';
import { modeNotice } from './protocol/modes.ts';
import { reportsOf } from './report.ts';
import { Told } from './told.ts';
import { graceMs } from './view.ts';
import { deadAfterMs } from './voters.ts';
import { Voting } from './voting.ts';

/** Changes of one moment are one for whoever looks. */
const gatherMs = 20;
/** A secret that cannot be used is read again. */
const secretAgainMs = 5_000;

export function openSession(_options: Options, ctx: Context): Session {
  return new L2Session(ctx);
}

class L2Session implements Session {
  readonly #ctx: Context;
  readonly #unit: string;
  readonly #told: Told;
  readonly agreement: Agreeing;
  #announcing: Announcing | undefined;
  #orders: Orders | undefined;
  #voting: Voting | undefined;
  #draining = false;
  #changed: NodeJS.Timeout | undefined;
  #overdue: NodeJS.Timeout | undefined;
  #waiting: NodeJS.Timeout | undefined;
  /** Why what runs goes on with the secret that it has. */
  #unusable: string | undefined;
  #again: NodeJS.Timeout | undefined;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#unit = unitName(ctx.balancer, ctx.node);
    this.#told = new Told(ctx.stateDir);
    this.agreement = new Agreeing({
      node: ctx.node,
      now: () => ctx.clock.now(),
      announcing: () => this.#announcing,
      orders: () =>
        this.#orders && { peers: this.#orders.peers.map(({ name }) => name), mode: this.#orders.fixed.mode },
      voters: () => this.#voting?.voters ?? [],
      changed: () => ctx.agreementChanged?.(),
    });
  }

  async discover() {
    return { addresses: [...(await ownAddresses(this.#ctx.stateDir))], edges: [...networkEdges()] };
  }

  async observe(): Promise<readonly Observed[]> {
    const running = this.#present();
    if (running !== undefined) {
      this.#measure(running);
      return observeRunning(running, await this.#followSecret(running));
    }
    const [told, runs] = [this.#told.read(), await announces()];
    if (told.length > 0 || runs) return observeTold(told, runs);
    return observeLeft(this.#unit, this.#ctx.node, this.#ctx.stateDir);
  }

  async commit(_steps: unknown, next: readonly Resource[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const running = this.#present();
    const orders = ordersOf(next, (vip) => running?.view.owner(vip)?.node);
    if (orders === undefined) return this.#withdraw();
    const secret = running?.takes(orders) === true ? undefined : await this.#readSecret(orders, running);
    this.#orders = orders;
    this.#voting?.use(orders);
    if (secret === undefined) running?.use(orders, next);
    else {
      await this.#end('leave');
      await this.#start(orders, secret, next, signal);
    }
    await this.#told.write(next);
  }

  report(services: Parameters<Session['report']>[0], observed: readonly Observed[]): ReturnType<Session['report']> {
    const running = this.#present();
    if (running === undefined) return [];
    const { view } = running;
    const facesOf = (patterns: readonly string[] | undefined) =>
      view.faces.filter((face) => patterns === undefined || patterns.some((one) => matches(one, face)));
    return reportsOf(services, observed, { node: this.#ctx.node, view, facesOf, voters: this.#voting?.voters ?? [] });
  }

  troubles(): ReturnType<NonNullable<Session['troubles']>> {
    const peers = new Map(this.#orders?.peers.map((peer) => [peer.name, placeText(peer)]));
    const told = this.#announcing?.view.troubles((node) => peers.get(node) ?? 'not among the peers') ?? [];
    if (this.#unusable === undefined) return told;
    return [
      { code: 'E_L2_SECRET', message: `${this.#unusable}; what runs goes on as it is until it can be used` },
      ...told,
    ];
  }

  async drain(draining: boolean): Promise<void> {
    this.#draining = draining;
    this.#announcing?.drain(draining);
  }

  async close(how: 'leave' | 'withdraw', followed = false): Promise<void> {
    const running = this.#announcing;
    this.agreement.close();
    clearTimeout(this.#changed);
    clearTimeout(this.#overdue);
    clearTimeout(this.#waiting);
    clearTimeout(this.#again);
    if (running === undefined) return;
    if (how === 'leave' && followed && running.running) {
      await this.#voting?.close();
      return park(this.#ctx.stateDir, running);
    }
    await this.#end(this.#outlived ? how : 'withdraw');
    if (how === 'withdraw') this.#told.clear();
  }

  /** Proxies of this machine go on without weir, and clients whose connections began here reach them by its addresses; in a cluster they end with the Pod. */
  get #outlived(): boolean {
    return this.#ctx.records === undefined && (this.#orders?.addresses.probes ?? []).length > 0;
  }

  /** The thread that runs; one that was left by the session before is taken over. */
  #present(): Announcing | undefined {
    if (this.#announcing === undefined) {
      this.#announcing = adopt(this.#ctx.stateDir);
      if (this.#announcing !== undefined) this.#follow(this.#announcing);
    }
    if (this.#announcing?.refused === true) void this.#end('leave');
    return this.#announcing;
  }

  #follow(left: Announcing): void {
    left.follow(this.#audience);
    this.#orders = ordersOf(left.told);
    if (this.#orders === undefined) return;
    this.#voting = new Voting(this.#ctx, this.#orders);
    this.#voting.follow(left.order, left.view.silent);
    this.agreement.begin();
  }

  async #end(how: 'leave' | 'withdraw'): Promise<void> {
    const [running, voting] = [this.#announcing, this.#voting];
    [this.#announcing, this.#voting] = [undefined, undefined];
    clearTimeout(this.#overdue);
    clearTimeout(this.#waiting);
    await voting?.close();
    await running?.close(how);
  }

  async #start(orders: Orders, secret: string, next: readonly Resource[], signal: AbortSignal): Promise<void> {
    const { node, stateDir } = this.#ctx;
    const voting = new Voting(this.#ctx, orders);
    const { fixed, peers, addresses } = orders;
    let started: Announcing | undefined;
    try {
      const group = await voting.first(signal);
      if (group.voters.length === 2)
        this.#ctx.log.warn({ mode: fixed.mode }, `two vote: ${modeNotice(fixed.mode ?? 'strict')}`);
      const all = { ...fixed, ...addresses, peers, secret, group, stateDir };
      this.#voting = voting;
      started = new Announcing(node, all, orders, next, this.#audience);
      const { order } = started;
      voting.start(order);
      await started.started(signal);
    } catch (error) {
      this.#voting = undefined;
      await voting.close();
      await started?.close('leave');
      this.agreement.fail();
      throw error;
    }
    this.#announcing = started;
    this.agreement.begin();
    if (this.#draining) started.drain(true);
  }

  /** Nothing of weir stays in the kernel: the thread's work, or what an earlier one has left. */
  async #withdraw(): Promise<void> {
    this.#orders = undefined;
    if (this.#announcing !== undefined) await this.#end('withdraw');
    else
      await clearMachine(this.#ctx.stateDir).catch((error: unknown) => {
        throw new WeirError('E_L2', error instanceof Error ? error.message : String(error), { cause: error });
      });
    this.#told.clear();
  }

  /** What runs goes on with the secret that it has while another one cannot be used: undefined then. */
  async #readSecret(orders: Orders, running: Announcing | undefined): Promise<string | undefined> {
    this.#unusable = undefined;
    try {
      return await readSecret(orders);
    } catch (error) {
      if (running === undefined || !(error instanceof WeirError)) throw error;
      this.#unusable = error.message;
      clearTimeout(this.#again);
      this.#again = setTimeout(() => this.#ctx.changed(this.#unit, 'a secret that could not be used'), secretAgainMs);
      this.#again.unref();
      return undefined;
    }
  }

  /** Answers whether there is a secret now that what runs does not have yet. */
  async #followSecret(running: Announcing): Promise<boolean> {
    if (this.#orders === undefined || running.takes(this.#orders)) this.#unusable = undefined;
    else return (await this.#readSecret(this.#orders, running)) !== undefined;
    return false;
  }

  readonly #audience: Audience = {
    wall: () => this.#ctx.clock.wall(),
    hear: (news) => {
      this.#voting?.hear(news);
      if (news.kind === 'silent') this.#await(news.nodes.length > 0);
      this.agreement.follow(news);
    },
    changed: (cause) => {
      // Of one that is about to start the commit tells, and when it is tried again is not its business.
      if (this.#announcing === undefined) return;
      this.#changed ??= setTimeout(() => {
        this.#changed = undefined;
        this.#ctx.changed(this.#unit, cause);
      }, gatherMs);
      // What nobody has taken by then is told.
      clearTimeout(this.#overdue);
      this.#overdue = setTimeout(
        () => this.#ctx.changed(this.#unit, 'addresses that nobody has taken'),
        graceMs + gatherMs,
      );
      this.#overdue.unref();
    },
    count: (name, value, labels) => this.#ctx.metric(name, value, labels),
  };

  /** Who stays silent is waited for no longer, unless the cluster names it. */
  #await(anybody: boolean): void {
    clearTimeout(this.#waiting);
    if (!anybody) return;
    const over = () => this.#ctx.changed(this.#unit, 'machines that stay away');
    this.#waiting = setTimeout(over, deadAfterMs + gatherMs).unref();
  }

  #measure({ view, told }: Announcing): void {
    const { metric } = this.#ctx;
    const vips = told.filter(({ kind }) => kind === 'Announcement').map(({ id }) => id);
    metric('weir_l2_announced', view.open.size, {}, 'gauge');
    metric('weir_l2_known', vips.length, {}, 'gauge');
    metric('weir_l2_unanswered', vips.filter((vip) => view.unanswered(vip)).length, {}, 'gauge');
    metric('weir_l2_unaccepted', view.unaccepted.size, {}, 'gauge');
    if (view.served !== undefined) metric('weir_l2_served', view.served ? 1 : 0, {}, 'gauge');
    const silent = new Set(view.silent.map(([node]) => node));
    for (const { name } of this.#orders?.peers ?? [])
      metric('weir_l2_peer_heard', silent.has(name) ? 0 : 1, { peer: name }, 'gauge');
  }
}

/** Without peers nobody else has to know it. */
async function readSecret({ secretFile, peers }: Orders): Promise<string> {
  if (secretFile === undefined) {
    if (peers.length === 0) return randomBytes(32).toString('base64');
    const message = 'there are peers and no secretFile: without a secret anybody on the network could speak for them';
    throw new WeirError('E_L2_SECRET', message);
  }
  let secret: string;
  try {
    secret = (await readFile(secretFile, 'utf8')).trimEnd();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new WeirError('E_L2_SECRET', `secretFile ${secretFile} cannot be read: ${reason}`, { cause: error });
  }
  const bytes = Buffer.byteLength(secret);
  if (bytes < 16) throw new WeirError('E_L2_SECRET', `secretFile ${secretFile} holds ${bytes} bytes, 16 are the least`);
  return secret;
}
