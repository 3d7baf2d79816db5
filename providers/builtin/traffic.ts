/** What the relaying code sees of the running state: always the newest settings, looked up for each request or connection. */
import type { Socket } from 'node:net';
import type { Asker, LiveBackend } from './backend.ts';
import { RoundRobin } from './balance.ts';
import type { RouteAttrs } from './kinds.ts';
import type { Options } from './options.ts';
import type { ListenerSettings, Share } from './table.ts';
import type { LiveTarget } from './target.ts';

export type Timeouts = RouteAttrs['timeouts'];

export interface Traffic {
  /** Newest settings of the listener. */
  readonly settings: () => ListenerSettings;
  readonly backend: (id: string) => LiveBackend | undefined;
  readonly options: Options;
  /** Counts an event for the metrics. */
  readonly count: (event: 'connection' | 'request' | 'retry' | 'failed') => void;
  /** The listener is going: connections are not kept for another request. */
  readonly leaving: () => boolean;
}

const rotations = new WeakMap<readonly Share[], RoundRobin>();

/** The backend whose turn it is by weight. */
export function chooseBackend(traffic: Traffic, shares: readonly Share[]): LiveBackend | undefined {
  const [only] = shares;
  if (shares.length === 1 && only !== undefined) return traffic.backend(only.backend);
  const rotation = rotations.get(shares) ?? new RoundRobin();
  rotations.set(shares, rotation);
  const chosen = rotation.choose(shares.map(({ backend, weight }) => ({ key: backend, weight })));
  return chosen === undefined ? undefined : traffic.backend(chosen.key);
}

/** Targets one after another, each once, at most `attempts`. */
export function* candidates(traffic: Traffic, backend: LiveBackend, asker: Asker): Generator<LiveTarget> {
  const tried = new Set<LiveTarget>();
  while (tried.size < traffic.options.attempts) {
    const target = backend.pick(asker, tried);
    if (target === undefined) return;
    if (tried.size > 0) traffic.count('retry');
    tried.add(target);
    yield target;
  }
}

/** The client's address as routes and headers name it. */
export function clientOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/, '');
}
