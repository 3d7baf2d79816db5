import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { WeirError } from '../../model/errors.ts';
import type { Source } from '../../model/source.ts';
import type { Turns } from '../../model/turns.ts';
import { parseAllowed } from '../../net/index.ts';
import type { KubernetesReadOptions } from '../kubernetes/index.ts';
import { FileState } from './file-state.ts';
import { followChanges } from './follow-changes.ts';

/** An entry of `sources` of type file, as the configuration gives it. */
export interface FileSourceConfig {
  readonly name: string;
  readonly paths: readonly string[];
  /** Largest file read, in bytes. */
  readonly fileBytes: number;
  /** CIDRs allowed as targets although they are loopback or link-local. */
  readonly allowTargets: readonly string[];
  /** Take only Kubernetes objects of these classes; absent: of every class. */
  readonly classes?: readonly string[] | undefined;
}

export interface FileSourceOptions {
  /** Directory for last good state; absent: nothing is kept over a restart. */
  readonly stateDir?: string;
  /** What may be done with it at present: nothing, only reading, or keeping what is in force too; default keep. */
  readonly memory?: () => 'none' | 'read' | 'keep';
  /** Groups that BCS services must be exported to; absent: all. */
  readonly groups?: readonly string[];
  /** How Kubernetes objects are chosen. */
  readonly kubernetes?: Pick<KubernetesReadOptions, 'classes' | 'watchWithoutClass' | 'controllers' | 'checksPools'>;
  /** How often everything is looked at beside events, in milliseconds; default 2000. */
  readonly pollMs?: number;
  /** Wall clock in milliseconds, for the expiry of certificates. */
  readonly nowMs?: () => number;
  /** Between pieces of long work; absent: all of it at once. */
  readonly turns?: Turns;
}

/**
 * The services of files and directories. A file that cannot be used leaves its last good content in force, a service that cannot be used
 * its last good version; each is told as a problem. Throws WeirError E_CONFIG when `allowTargets` is wrong.
 */
export function openFileSource(config: FileSourceConfig, options: FileSourceOptions = {}): Source {
  const allowed = parseAllowed(config.allowTargets);
  if (!allowed.ok) throw new WeirError('E_CONFIG', `source ${config.name}: allowTargets: ${allowed.reason}`);
  const { stateDir, pollMs = 2000, nowMs = Date.now, ...readers } = options;
  const state = new FileState({
    config,
    allowed: allowed.value,
    nowMs,
    ...readers,
    ...(stateDir === undefined ? {} : { stateDir, directory: join(stateDir, 'sources', directoryName(config.name)) }),
  });
  let following = false;
  return {
    name: config.name,
    async read() {
      // While changes are followed the state is already as of now; a reading of its own would trust half-written files.
      if (!following || !state.opened) {
        await state.refresh();
        await state.save();
      }
      return state.snapshot;
    },
    async watch(changed, signal) {
      following = true;
      try {
        await followChanges(state, { pollMs, changed }, signal);
      } finally {
        following = false;
      }
    },
    async secret(ref) {
      if (!state.opened) await state.refresh();
      return state.secret(ref.sha256);
    },
  };
}

/** The name of a source as the name of a directory: readable, and never a path. */
export function directoryName(name: string): string {
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  const readable = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60);
  return readable === name ? name : `${readable}-${hash}`;
}
