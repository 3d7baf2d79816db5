/**
 * One HAProxy in master-worker mode: started in a session of its own, with nothing of ours that could break when we end; found again
 * by its master socket. Or one that somebody else runs: found, reloaded, never started or stopped. Nothing here decides what it serves.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { type Context, WeirError } from '../../src/model/index.ts';
import { configName, onDisk } from './files.ts';
import { askMaster, type Processes, reloadMaster, showProcesses } from './master.ts';
import { isListening } from './port-trial.ts';
import { awaitProcesses, endMasters, endOthers, lostProcesses, refuseSecond } from './process-beside.ts';
import { isDraining, tellDraining } from './process-drain.ts';
import { absence, accepts, describeEnd, type End, endProcess, startFailure } from './process-ends.ts';
import { isAlive } from './process-id.ts';
import { MessageLog } from './process-log.ts';
import { loadWithOtherSocket } from './process-reopen.ts';
import { RuntimeSocket } from './socket.ts';

export interface ProcessPaths {
  readonly directory: string;
  readonly masterSocket: string;
  readonly runtimeSocket: string;
  /** Somebody else starts and stops it, perhaps where its process numbers mean nothing to us. */
  readonly attached: boolean;
}

/** A configuration of 10,000 backends takes about a second; slow machines get their time. */
const settleMs = 60_000;
/** HAProxy 2.6 tells its master's stderr alone, newer versions us too. */
const elsewhere =
  'HAProxy wrote the reason where its manager keeps its messages: journalctl of its service, or the log of its container';
/** A new worker that answers its master and not on the runtime socket in this time is not waited for. */
const patienceMs = 3_000;
/** One that was waited for in vain is not waited for again at once. */
const againMs = 2_000;

export class HaproxyProcess {
  readonly runtime: RuntimeSocket;
  readonly #paths: ProcessPaths;
  readonly #clock: Context['clock'];
  readonly #messages: MessageLog;
  readonly #died: (cause: string, how: string) => void;
  #end: End | undefined;
  #processes: Processes | undefined;
  #watch: Socket | undefined;
  #startedMs = 0;
  #draining = false;
  #waitedMs = Number.NEGATIVE_INFINITY;

  /** `died` is called once for each process that ends while it should serve; `how` says which one and by what, as far as anybody knows. */
  constructor(paths: ProcessPaths, clock: Context['clock'], died: (cause: string, how: string) => void) {
    this.#paths = paths;
    this.#clock = clock;
    this.#died = died;
    this.#messages = new MessageLog(paths.directory);
    this.runtime = new RuntimeSocket(paths.runtimeSocket);
  }

  /** The processes as last seen; undefined while none serves. */
  get processes(): Processes | undefined {
    return this.#processes;
  }

  /** Somebody else starts and stops it. */
  get attached(): boolean {
    return this.#paths.attached;
  }

  /** Since when it serves for us, monotonic milliseconds. */
  get startedMs(): number {
    return this.#startedMs;
  }

  /** Looks whether a master answers in the directory: adopts it when it has a worker. One that is not known yet and lives is waited for. */
  async find(): Promise<Processes | undefined> {
    const known = this.#processes !== undefined || this.#clock.now() - this.#waitedMs < againMs;
    const found = await (this.attached || known
      ? showProcesses(this.#paths.masterSocket)
      : awaitProcesses(this.#paths, this.#clock));
    if (!known && found === undefined) this.#waitedMs = this.#clock.now();
    if (found === undefined || found.workers.length === 0) {
      if (this.#processes !== undefined && !(await this.#lives(this.#processes.master)))
        this.#lost('the master process is gone');
      return undefined;
    }
    // Somebody else has reloaded it: a conversation with the worker before would keep that one, and tell of it.
    if (this.#processes !== undefined && !isSameList(this.#processes.workers, found.workers)) this.runtime.close();
    this.#serves(found);
    return found;
  }

  /** Of several that a killed weir left in the directory the one that answers stays. For whoever holds its lock; answers which others end. */
  async settle(): Promise<readonly number[]> {
    const first = this.attached ? undefined : await this.find();
    if (first === undefined) return [];
    const ended = await endOthers(this.#paths, first.master, this.#clock);
    const now = await this.find();
    const more =
      now === undefined || now.master === first.master ? [] : await endOthers(this.#paths, now.master, this.#clock);
    if (now !== undefined && ended.length + more.length > 0) this.#leaveOthers(now);
    return [...ended, ...more];
  }

  /** Whose listeners go over to the next one: those of the processes that serve, or that serve where nobody can ask them any more. */
  get listening(): ReadonlySet<number> {
    const found = this.#processes;
    if (found !== undefined) return new Set([found.master, ...found.workers, ...found.oldWorkers]);
    return new Set(this.attached ? [] : lostProcesses(this.#paths));
  }

  /** @throws WeirError E_HAPROXY_SOCKET when one lives in the directory and does not answer. */
  refuseSecond(): void {
    if (!this.attached) refuseSecond(this.#paths);
  }

  /**
   * Starts HAProxy with the haproxy.cfg of the directory and waits until a worker serves.
   * @throws WeirError E_HAPROXY_MISSING, E_HAPROXY_START, E_FD_LIMIT, E_PORT_TAKEN with what HAProxy wrote; E_HAPROXY_SOCKET where
   * somebody else has to start it.
   */
  async start(binary: string | undefined, more: readonly string[] = []): Promise<Processes> {
    if (this.attached || binary === undefined) throw await absence(this.#paths);
    if (more.length === 0) {
      // The worker of a master that was killed is about to end.
      await awaitProcesses(this.#paths, this.#clock);
      refuseSecond(this.#paths);
    }
    const mark = await this.#messages.mark();
    const log = await this.#messages.openForChild();
    // Detached: a session of its own, so that no signal of our terminal or service reaches it.
    const child = spawn(binary, ['-W', '-f', configName, '-S', `${this.#paths.masterSocket},mode,600`, ...more], {
      cwd: this.#paths.directory,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    let ended: string | undefined;
    child.once('exit', (code, by) => {
      ended = `it ended with ${code ?? by}`;
      if (child.pid !== undefined) this.#end = { pid: child.pid, code, signal: by };
    });
    try {
      await Promise.race([once(child, 'spawn'), once(child, 'error').then(([error]) => Promise.reject(error))]);
    } catch (error) {
      throw new WeirError('E_HAPROXY_MISSING', `${binary}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    } finally {
      await log.close();
    }
    child.unref();
    const deadline = this.#clock.now() + settleMs;
    while (ended === undefined && this.#clock.now() < deadline) {
      const found = await showProcesses(this.#paths.masterSocket);
      if (
        found !== undefined &&
        found.master === child.pid &&
        found.workers.length > 0 &&
        (await this.#answers(found))
      ) {
        this.#startedMs = this.#clock.now();
        this.#serves(found);
        if (this.#draining) await tellDraining(this.runtime, true);
        return found;
      }
      await this.#clock.sleep(5);
    }
    if (ended === undefined && child.pid !== undefined) await endProcess(child.pid, this.#clock);
    throw startFailure(await this.#messages.since(mark), ended ?? 'it did not serve in time');
  }

  /** Loads haproxy.cfg anew. @throws WeirError E_HAPROXY_RELOAD; the old worker serves on. */
  async reload(): Promise<Processes> {
    const { directory, runtimeSocket } = this.#paths;
    if (this.unreachable) await loadWithOtherSocket(directory, runtimeSocket, () => this.#load());
    const found = await this.#load();
    // For a moment both workers accept on the runtime socket: speak only to the new one.
    const startMs = this.#clock.now();
    while (!(await this.#answers(found))) {
      if (!this.attached && !isAlive(found.workers[0] ?? 0))
        throw new WeirError('E_HAPROXY_RELOAD', 'the new worker ended at once');
      // It serves, whatever is wrong with its socket: who reads from there next says so.
      const silentMs = this.#clock.now() - startMs;
      if (silentMs > patienceMs && (await this.throughMaster('show info')).includes(`\nPid: ${found.workers[0]}\n`))
        break;
      if (silentMs > settleMs)
        throw new WeirError('E_HAPROXY_SOCKET', `${this.#paths.runtimeSocket}: the new worker does not answer`);
      await this.#clock.sleep(5);
    }
    // The worker before goes on accepting until its signal has reached it: only then is the new state the only one.
    await this.#waitFor(async () => {
      const infos = found.oldWorkers.map((pid) =>
        askMaster(this.#paths.masterSocket, `@!${pid} show info`, 1_000).catch(() => ''),
      );
      return (await Promise.all(infos)).every((info) => !/^Stopping: 0$/m.test(info));
    });
    this.#serves(found);
    // A new worker knows nothing of it.
    if (this.#draining) await tellDraining(this.runtime, true);
    return found;
  }

  async #load(): Promise<Processes> {
    const mark = await this.#messages.mark();
    const master = this.#processes?.master ?? 0;
    return reloadMaster(this.#paths.masterSocket, {
      sleep: (ms) => this.#clock.sleep(ms),
      now: () => this.#clock.now(),
      messages: async () => {
        const text = await this.#messages.since(mark);
        return text === '' && this.attached ? elsewhere : text;
      },
      alive: () => this.#lives(master),
      timeoutMs: settleMs,
    });
  }

  /**
   * Whether answers ask clients to close their connections (`drainLine` of the frontends); kept over reloads. Nothing is written where it
   * is so already. @throws WeirError E_HAPROXY_SOCKET
   */
  async drain(draining: boolean): Promise<void> {
    this.#draining = draining;
    if (this.#processes === undefined) return;
    if ((await isDraining(this.runtime)) !== draining) await tellDraining(this.runtime, draining);
  }

  /** Not for ever: what is waited for here is nearly always so at once. */
  async #waitFor(done: () => Promise<boolean>): Promise<boolean> {
    const deadline = this.#clock.now() + 2_000;
    for (;;) {
      if (await done()) return true;
      if (this.#clock.now() >= deadline) return false;
      await this.#clock.sleep(5);
    }
  }

  /** Asks the worker on the way through its master, which is another one than the runtime socket. Empty: no answer. */
  async throughMaster(line: string): Promise<string> {
    const [worker] = (await showProcesses(this.#paths.masterSocket))?.workers ?? [];
    if (worker === undefined) return '';
    return askMaster(this.#paths.masterSocket, `@!${worker} ${line}`, 2_000).catch(() => '');
  }

  /** The path of the runtime socket is gone, and HAProxy is ours to make it anew. */
  get unreachable(): boolean {
    return !this.attached && !existsSync(this.#paths.runtimeSocket);
  }

  /** The version of the worker that serves. @throws WeirError E_HAPROXY_SOCKET */
  async version(): Promise<string> {
    const [, version = ''] = /^Version: (\S+)$/m.exec(await this.runtime.ask('show info')) ?? [];
    return version;
  }

  /**
   * A second HAProxy beside the one that serves, which then ends behind its last connection. It takes the listeners over from the first
   * one through the runtime socket, so that no connection waits at a listener that is closed.
   */
  async replace(binary: string | undefined): Promise<Processes> {
    const old = this.unreachable ? await this.reload() : this.#processes;
    try {
      const found = await this.start(binary, ['-x', this.#paths.runtimeSocket]);
      if (old !== undefined && isAlive(old.master)) {
        process.kill(old.master, 'SIGUSR1');
        await this.#waitFor(async () => !old.workers.some((pid) => isAlive(pid) && isListening(pid)));
      }
      this.#leaveOthers(found);
      return found;
    } catch (error) {
      this.#processes = old;
      throw error;
    }
  }

  /** Takes it down with every other one of the directory and waits: open connections are cut. Lets go of one that somebody else runs. */
  async stop(): Promise<void> {
    if (this.attached) return this.release();
    this.#watch?.destroy();
    this.#watch = undefined;
    const found = this.#processes ?? (await showProcesses(this.#paths.masterSocket));
    this.#processes = undefined;
    this.runtime.close();
    if (found !== undefined) await endProcess(found.master, this.#clock);
    await endMasters(this.#paths, this.#clock);
    for (const path of [this.#paths.masterSocket, this.#paths.runtimeSocket])
      await onDisk(path, () => rm(path, { force: true }));
  }

  /** Bounds what it has written. Never during a reload: what it writes then is read. */
  async trimMessages(): Promise<void> {
    if (!this.attached) await this.#messages.trim();
  }

  /** Lets go of it: it serves on. */
  release(): void {
    this.#watch?.destroy();
    this.#watch = undefined;
    this.runtime.close();
  }

  /**
   * Numbers of somebody else's processes tell nothing; but even during a reload one of the workers listens. Where its path was taken away
   * only the master can tell, which refuses for a moment then.
   */
  async #lives(master: number): Promise<boolean> {
    if (!this.attached) return isAlive(master);
    const { runtimeSocket, masterSocket } = this.#paths;
    if (await accepts(runtimeSocket)) return true;
    return !existsSync(runtimeSocket) && (await this.#waitFor(() => accepts(masterSocket)));
  }

  /** Whether the runtime socket leads to a worker of this list. */
  async #answers(found: Processes): Promise<boolean> {
    try {
      const info = await this.runtime.ask('show info');
      const [, pid = ''] = /^Pid: (\d+)$/m.exec(info) ?? [];
      if (found.workers.includes(Number(pid))) return true;
    } catch (error) {
      if (!(error instanceof WeirError)) throw error;
    }
    this.runtime.close();
    return false;
  }

  /** A worker does not end while a connection to it is open, ours too: while there are old ones it may lead to one of them. */
  #serves(found: Processes): void {
    const before = this.#processes;
    const same = before?.master === found.master && isSameList(before.workers, found.workers);
    this.#processes = found;
    if (!same || this.#watch === undefined || found.oldWorkers.length > 0) this.#observeLife(found.master);
  }

  /** While two listened either may have taken our connections, and the other one ends behind the last of them. */
  #leaveOthers({ master }: Processes): void {
    this.runtime.close();
    this.#observeLife(master);
  }

  /** A connection that says nothing: its end is the first sign that a process is gone. A time-out ends it too. */
  #observeLife(master: number): void {
    this.#watch?.destroy();
    const socket = connect({ path: this.#paths.runtimeSocket });
    this.#watch = socket;
    socket.unref();
    socket.on('error', () => undefined);
    socket.on('data', () => undefined);
    socket.on('close', async () => {
      if (this.#watch !== socket) return;
      // A killed worker is followed by its master within milliseconds; a refused connection must not become a busy loop.
      await this.#clock.sleep(20);
      const now = await showProcesses(this.#paths.masterSocket);
      if (this.#watch !== socket) return;
      if (now === undefined && !(await this.#lives(master))) return this.#lost('HAProxy ended');
      if (now !== undefined && now.workers.length > 0) this.#processes = now;
      await this.#clock.sleep(200);
      if (this.#watch === socket) this.#observeLife(now?.master ?? master);
    });
  }

  #lost(cause: string): void {
    const before = this.#processes;
    this.#watch?.destroy();
    this.#watch = undefined;
    this.#processes = undefined;
    this.runtime.close();
    void this.#tellEnd(cause, before);
  }

  async #tellEnd(cause: string, before: Processes | undefined): Promise<void> {
    // What it wrote helps; a disk that cannot be read shall not keep it from being started again.
    const messages = this.attached ? '' : await this.#messages.tail().catch(() => '');
    const how = before === undefined || this.attached ? '' : describeEnd(before, this.#end, messages);
    this.#died(cause, how);
  }
}

function isSameList(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((pid, i) => pid === other[i]);
}
