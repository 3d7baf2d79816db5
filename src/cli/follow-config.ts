import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Loaded } from '../config/index.ts';
import { type Log, WeirError } from '../model/index.ts';
import type { Metrics } from '../run/index.ts';
import type { Io } from './io.ts';

/** A file that is still being written changes within this time. */
const settleMs = 100;

export interface FollowConfig {
  readonly io: Io;
  readonly log: Log;
  readonly metrics: Metrics;
  /** The file in force, as named; absent: there is none to follow. */
  readonly file: string | undefined;
  /** Reads and checks the configuration anew. */
  readonly read: () => Promise<Loaded>;
  /** The file holds a configuration that can be used, maybe the one in force. What it throws makes the file one that cannot be used. */
  readonly changed: (loaded: Loaded) => Promise<void>;
}

/**
 * Follows the configuration file: at each change of it, and at SIGHUP, it is read anew. One that cannot be used is told, sets
 * `weir_config_valid` to 0 and changes nothing. Answers the function that ends it.
 */
export function followConfig({ io, log, metrics, file, read, changed }: FollowConfig): () => void {
  metrics.set('weir_config_valid', 1);
  if (file === undefined) {
    return io.onHangUp(() => log.warn({}, 'SIGHUP: weir runs without a configuration file, so there is none to read'));
  }
  let turn = Promise.resolve();
  let asked = 0;
  let ended = false;
  let told = '';
  const look = async (ask: number) => {
    // Many changes at once are one.
    if (ask !== asked || ended) return;
    try {
      await settled(file, io);
      const loaded = await read();
      if (loaded.file !== file) throw new WeirError('E_CONFIG', `${file} is gone`);
      if (ended) return;
      await changed(loaded);
      metrics.set('weir_config_valid', 1);
      told = '';
    } catch (error) {
      metrics.set('weir_config_valid', 0);
      const text = error instanceof Error ? error.message : String(error);
      if (text === told) return;
      told = text;
      tellUnusable(error, file, log);
    }
  };
  const begin = () => {
    const ask = ++asked;
    turn = turn.then(() => look(ask));
  };
  const releases = [io.watchFile(file, begin), io.onHangUp(begin)];
  return () => {
    ended = true;
    for (const release of releases) release();
  };
}

/** Waits until two readings say the same. An empty file is one that somebody has begun to write. */
async function settled(file: string, io: Io): Promise<void> {
  let before = await io.read(file);
  for (;;) {
    await sleep(settleMs);
    const text = await io.read(file);
    if (text === before) break;
    before = text;
  }
  if (before?.trim() === '') throw new WeirError('E_CONFIG', `${file} is empty`);
}

function tellUnusable(error: unknown, file: string, log: Log): void {
  const problems = error instanceof ConfigError ? error.problems : [];
  for (const { code, message, field, line, column } of problems)
    log.error({ code, file, line, column, field }, message);
  const code = error instanceof WeirError ? error.code : 'E_BUG';
  const reason = problems.length > 0 || !(error instanceof Error) ? {} : { reason: error.message };
  log.error({ code, file, ...reason }, `${file} cannot be used: the configuration read before stays in force`);
}
