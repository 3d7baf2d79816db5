/**
 * The kinds of the HAProxy provider. HAProxy is a whole-state system: nothing is immutable, nothing is a slot,
 * the handle of an object is its id, and one unit holds everything that one process serves. Attributes: attrs.ts.
 *
 * Settings  id `settings`. What global and defaults sections say.
 * Frontend  id `<group>|<port>/tcp`. One listening port. ref `default`: what no route took.
 *           set `certs`: key sha256, attrs { hosts, isDefault }. set `forward`: weighted default (instead of ref `default`).
 * Route     id `<frontend id>|<host>|<path type>|<path>|<hash of conditions>`, for what no other route of a host took
 *           `<frontend id>|<host>|rest||`. refs `frontend`, `backend`; set `forward` when weighted; neither where it answers itself (503
 *           when the backend does not exist).
 * Backend   id as `backendKey()`, with `|http` or `|tcp` behind it where it is reached in the mode that is not its own.
 *           set `servers`: key `address:port` (IPv6 in brackets), attrs { weight, maxConnections? }.
 */
import type { KindSpec } from '../../src/model/index.ts';
import { kindWords } from './kind-words.ts';

export const kinds: readonly KindSpec[] = [
  { kind: 'Settings', claim: 'name', immutable: [], refs: {}, sets: {} },
  {
    kind: 'Backend',
    claim: 'name',
    immutable: [],
    unusedHealth: true,
    refs: {},
    sets: {
      servers: {
        ...{ batch: 100_000, serving: true, weight: 'weight', inCreate: true },
        readyAtOnce: ({ check }) => check === undefined,
      },
    },
    words: kindWords.backend,
  },
  {
    kind: 'Frontend',
    claim: 'name',
    immutable: [],
    frontKey: (attrs) => String(attrs.key),
    refs: { default: { to: 'Backend', serving: true } },
    sets: {
      certs: { batch: 100_000, inCreate: true },
      forward: { batch: 1_000, serving: true, to: 'Backend', weight: 'weight', inCreate: true },
    },
    words: kindWords.frontend,
  },
  {
    kind: 'Route',
    claim: 'parent',
    immutable: [],
    frontKey: (attrs) => String(attrs.key),
    refs: { frontend: { to: 'Frontend' }, backend: { to: 'Backend', serving: true } },
    sets: { forward: { batch: 1_000, serving: true, to: 'Backend', weight: 'weight', inCreate: true } },
    words: kindWords.route,
  },
];
