/**
 * What one machine is told about announcing. A whole-state system in a thread of our own: nothing is immutable, nothing is a slot, the
 * handle of an object is its id, one unit holds everything.
 *
 * Speaker       id: the node. How it takes part: where it listens, peers, voters, interfaces.
 * Guard         id: a pool. Ranges for which nobody but the owner of an address answers on this machine.
 * Announcement  id: an address. Who may answer for it, best first in tiers of equal rank, and why each other machine may not.
 */
import { z } from 'zod';
import type { Json, KindSpec, Resource } from '../../src/model/index.ts';
import { modes } from './protocol/modes.ts';

export const speakerAttrs = z.object({
  listen: z.string(),
  cluster: z.string(),
  /** Name → `address:port`. */
  peers: z.record(z.string(), z.string()),
  voters: z.array(z.string()),
  mode: z.enum(modes),
  witness: z.literal(true).optional(),
  interfaces: z.object({
    include: z.array(z.string()).optional(),
    exclude: z.array(z.string()).optional(),
    subnets: z.array(z.string()).optional(),
  }),
  beatMs: z.number(),
  refreshMs: z.number(),
  choice: z.enum(['spread', 'metallb']),
  secretFile: z.string().optional(),
  ungated: z.literal(true).optional(),
});

export const guardAttrs = z.object({ ranges: z.array(z.string()) });

export const announcementAttrs = z.object({
  candidates: z.array(z.array(z.string())),
  /** The first address of its service, with which MetalLB keeps all others of the service on one machine; absent: itself, or no matter. */
  along: z.string().optional(),
  /** The pool out of which it is, or came while one had it; and whether that is announced by rules alone. */
  pool: z.string().optional(),
  byRule: z.literal(true).optional(),
  /** Patterns of names of interfaces on this machine; absent: all that announce. */
  interfaces: z.array(z.string()).optional(),
  /** Ports of TCP at which a proxy of this machine answers while it is well. */
  probe: z.array(z.number()).optional(),
  /** Node → why it may not answer. */
  others: z.record(z.string(), z.string()).optional(),
});

export type SpeakerAttrs = z.infer<typeof speakerAttrs>;
export type AnnouncementAttrs = z.infer<typeof announcementAttrs>;

/** What an earlier weir has left for a service of which nothing is known yet: it is kept, and not announced before that is. */
export function isLeft({ kind, attrs }: Pick<Resource, 'kind' | 'attrs'>): boolean {
  return kind === 'Announcement' && attrs.candidates === undefined;
}

const plain = { claim: 'name', immutable: [], refs: {}, sets: {} } as const;

export const kinds: readonly KindSpec[] = [
  {
    kind: 'Speaker',
    ...plain,
    words: {
      attrs: {
        peers: { word: 'with', text: (peers) => listed(keysOf(peers)), usual: {} },
        voters: { word: 'voters', text: listed, usual: [] },
        listen: { word: 'at' },
        witness: { word: '', text: () => 'votes only' },
        mode: {
          word: 'two decide by mode',
          text: (mode, { voters = [] }) => (Array.isArray(voters) && voters.length === 2 ? String(mode) : ''),
        },
        ungated: { word: '', text: (value) => (value === true ? 'without gates' : '') },
        cluster: { word: 'group', usual: 'weir' },
      },
    },
  },
  { kind: 'Guard', ...plain, words: { attrs: { ranges: { word: '', text: listed } } } },
  {
    kind: 'Announcement',
    ...plain,
    words: {
      attrs: {
        candidates: { word: 'by', text: tiersText },
        along: { word: 'along with' },
        pool: { word: 'out of pool', quiet: true },
        byRule: { word: '', text: () => 'by rule', quiet: true },
        interfaces: { word: 'on', text: listed },
        probe: { word: 'while TCP answers at port', text: listed },
        others: { word: 'not by', text: reasonsText, quiet: true },
      },
      gone: ['candidates'],
    },
  },
];

function keysOf(value: Json): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}

function listed(value: Json): string {
  const items = Array.isArray(value) ? value.map(String) : [];
  return items.length > 8 ? `${items.slice(0, 8).join(' ')} and ${items.length - 8} more` : items.join(' ');
}

/** `a b, then c`. */
function tiersText(value: Json): string {
  const tiers = Array.isArray(value) ? value.map(listed).filter((text) => text !== '') : [];
  return tiers.length === 0 ? 'nobody' : tiers.join(', then ');
}

function reasonsText(value: Json): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  return Object.entries(value)
    .map(([node, reason]) => `${node} (${String(reason)})`)
    .join(', ');
}
