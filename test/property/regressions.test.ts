/**
 * Small pairs that once failed, or grew out of ones that did; each goes through every scenario with several random orders.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPair } from './check-pair.ts';
import type { CloudState, FrontState, ServiceState } from './cloud-state.ts';
import type { Pair } from './generate.ts';

const service = (name: string, targets: readonly string[], rest: Partial<ServiceState> = {}): ServiceState => ({
  name,
  protocol: 'http',
  fixed: false,
  targets,
  gone: [],
  ...rest,
});

const front = (
  balancer: string,
  port: number,
  shares: Readonly<Record<string, number>>,
  rest: Partial<FrontState> = {},
): FrontState => ({
  balancer,
  port,
  plain: false,
  shares: Object.entries(shares).map(([name, weight]) => ({ service: name, weight })),
  certs: [],
  rules: [],
  ...rest,
});

const rule = (host: string, shares: Readonly<Record<string, number>>) => ({
  host,
  shares: Object.entries(shares).map(([name, weight]) => ({ service: name, weight })),
});

const cloud = (services: readonly ServiceState[], fronts: readonly FrontState[]): CloudState => ({
  balancers: ['a', 'b'].map((id) => ({ id, scheme: 'public' })),
  services,
  fronts,
});

function pass(name: string, before: CloudState, after: CloudState, rest: Partial<Pair> = {}): void {
  test(name, () => {
    // Several seeds: they decide the random orders and crashes.
    for (let seed = 1; seed <= 30; seed++) {
      const pair = {
        seed,
        before,
        after,
        foreign: [],
        sick: [],
        unread: [],
        unusedHealth: false,
        tellsDraining: true,
        ...rest,
      };
      assert.equal(checkPair(pair).failure, undefined, `seed ${seed}`);
    }
  });
}

const two = [service('s', ['s-1', 's-2']), service('t', ['t-1'])];

pass(
  'a member with no share, told to drain, is not cut off to make room for a name',
  cloud(
    [service('s', ['s-1'], { fixed: true }), service('t', ['t-1'])],
    [front('a', 80, { s: 1, t: 1 }), front('a', 443, { s: 1 })],
  ),
  cloud(
    [service('s', ['s-1'], { fixed: true, protocol: 'tcp' }), service('t', ['t-1'])],
    [front('a', 80, { t: 1 }), front('a', 443, { s: 1 })],
  ),
);

pass(
  'a front that can turn away in order drops nothing, though a name is needed elsewhere',
  cloud(
    [service('s', ['s-6'], { fixed: true }), service('t', ['t-3', 't-2'])],
    [front('a', 80, { s: 1 }, { rules: [rule('h3', { t: 1, s: 0 })] })],
  ),
  cloud(
    [service('s', ['s-6'], { fixed: true, protocol: 'tcp' }), service('t', ['t-3', 't-2'])],
    [
      front('a', 80, { t: 2 }, { rules: [rule('h3', { t: 1, s: 0 })] }),
      front('b', 80, { t: 2 }),
      front('b', 81, { s: 1 }),
    ],
  ),
);

pass(
  'a share raised in a full set counts as the place where its service goes',
  cloud([...two, service('u', ['u-1'])], [front('a', 81, { s: 1, t: 1 }), front('a', 443, { u: 2, t: 2, s: 0 })]),
  cloud(
    [service('s', ['s-1', 's-2']), service('t', ['t-1'], { protocol: 'tcp' }), service('u', ['u-1'])],
    [front('a', 443, { s: 1, t: 1 })],
  ),
);

pass(
  'the last targets of a service leave a set only when what is raised beside them takes traffic',
  cloud(two, [front('a', 443, { s: 1, t: 0 })]),
  cloud([service('s', []), service('t', ['t-1'])], [front('a', 443, { s: 2, t: 3 })]),
);

pass(
  'after a crash in a full set the last old one waits for what is wanted and not ready yet',
  cloud([service('s', ['s-0', 's-1', 's-2', 's-3', 's-4', 's-5'])], [front('a', 80, { s: 1 }, { plain: true })]),
  cloud([service('s', ['s-6', 's-7', 's-8', 's-9', 's-10', 's-11'])], [front('a', 80, { s: 1 }, { plain: true })]),
);

pass(
  'both members of a set in the way: the front itself goes first',
  cloud(
    [service('s', ['s-1'], { fixed: true }), service('t', ['t-1'], { fixed: true })],
    [front('a', 81, { s: 1, t: 0 }), front('a', 80, { t: 1 }, { plain: true })],
  ),
  cloud(
    [service('s', ['s-1'], { fixed: true, protocol: 'tcp' }), service('t', ['t-1'], { fixed: true, protocol: 'tcp' })],
    [front('a', 81, { s: 1, t: 0 }), front('a', 80, { t: 1 }, { plain: true })],
  ),
);

pass(
  'a rule that is not ready does not take a host from the one that serves it',
  cloud(
    [...two, service('u', ['u-1'])],
    [front('a', 443, { s: 1 }, { rules: [rule('*', { s: 1 }), rule('h1', { u: 1 })] })],
  ),
  cloud(
    [...two, service('u', ['u-8', 'u-9'], { protocol: 'tcp' })],
    [front('a', 443, { s: 1 }, { rules: [rule('h1', { u: 1 }), rule('*', { s: 1 })] })],
  ),
);

pass(
  'new rules of one listener come in the order in which they are asked',
  cloud(two, [front('b', 81, { t: 1 })]),
  cloud([...two, service('u', [])], [front('b', 81, { t: 1 }, { rules: [rule('h3', { t: 1 }), rule('*', { u: 1 })] })]),
);

pass(
  'a condemned group of another name goes on following while its successor has to wait for a slot',
  cloud(
    [service('s', ['s-0', 's-1'], { fixed: true }), service('t', ['t-1'])],
    [front('a', 81, { s: 1 }), front('a', 443, { s: 1 }, { plain: true })],
  ),
  cloud(
    [service('s', ['s-0', 's-5'], { fixed: true, protocol: 'tcp' }), service('t', ['t-1'])],
    [front('a', 81, { t: 2 }), front('b', 443, { s: 1 }, { plain: true })],
  ),
);

pass(
  'services that change places over two balancers',
  cloud(two, [
    front('a', 80, { s: 1 }, { plain: true }),
    front('b', 80, { t: 1 }, { plain: true }),
    front('b', 81, { t: 1 }),
  ]),
  cloud(two, [
    front('a', 80, { t: 1 }, { plain: true }),
    front('b', 80, { s: 1 }, { plain: true }),
    front('b', 81, { s: 1 }),
  ]),
);
