import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { provider } from '../../../providers/l2/index.ts';
import { networkEdges } from '../../../providers/l2/observe.ts';
import type { Attrs } from '../../../src/model/index.ts';
import { group, input, modelled, parse, service, three } from './make-input.ts';

const web = service('shop/web');
const one = group('10.0.0.5', [web]);

describe('what a machine is to announce', () => {
  it('is how it takes part, what it guards, and who may answer for each address', () => {
    const { of, problems } = modelled(input({ groups: [one] }));
    assert.deepEqual(problems, []);
    assert.deepEqual([...of.keys()], ['Speaker a', 'Guard lan', 'Announcement 10.0.0.5']);
    assert.deepEqual(of.get('Announcement 10.0.0.5'), { candidates: [['a', 'b', 'c']], pool: 'lan' });
    const speaker = of.get('Speaker a');
    assert.deepEqual(speaker?.peers, { b: '10.1.0.2:7949', c: '10.1.0.3:7949' });
    assert.deepEqual([speaker?.voters, speaker?.listen], [['a', 'b', 'c'], '10.1.0.1:7949']);
  });

  it('is the same on every machine but for itself', () => {
    const seen = ['a', 'b', 'c'].map((node) => {
      const { of } = modelled(input({ groups: [one], node }));
      return [of.get('Announcement 10.0.0.5'), of.get('Guard lan'), of.get(`Speaker ${node}`)?.voters];
    });
    assert.deepEqual(seen[1], seen[0]);
    assert.deepEqual(seen[2], seen[0]);
  });

  it('stays the same objects while it says the same', () => {
    const chosen = parse(three);
    const first = modelled(input({ groups: [one] }), chosen).resources;
    const second = modelled(
      input({ groups: [group('10.0.0.5', [{ ...web }]), group('10.0.0.6', [web])] }),
      chosen,
    ).resources;
    for (const resource of first) assert.ok(second.includes(resource), `${resource.kind} ${resource.id}`);
    assert.equal(second.length, first.length + 1);
  });

  it('leaves services without an address, and addresses without a port, to others', () => {
    const bare = { ...one, addresses: [] };
    const { of } = modelled(input({ groups: [bare, group('10.0.0.6', [web], {})] }));
    assert.deepEqual([...of.keys()], ['Speaker a', 'Guard lan']);
  });

  it('guards no address that a machine has itself: it would fall silent', () => {
    const { of } = modelled(input({ environment: { addresses: ['10.0.0.1', '10.0.0.4'] } }));
    assert.deepEqual(of.get('Guard lan'), { ranges: ['10.0.0.0-10.0.0.0', '10.0.0.2-10.0.0.3', '10.0.0.5-10.0.0.15'] });
  });

  it('finds a fault in an address that no machine of the network can have', () => {
    const { problems } = modelled(input({ groups: [one], environment: { edges: ['10.0.0.0', '10.0.0.5'] } }));
    assert.deepEqual(
      problems.map(({ code, source }) => `${code} ${source}`),
      ['E_L2_ADDRESS Service/shop/web'],
    );
    assert.match(
      problems[0]?.message ?? '',
      /^10\.0\.0\.5 is the first or the last address of a network of this machine/,
    );
    const face = { netmask: '', mac: '', internal: false };
    const list = [
      { ...face, family: 'IPv4', address: '10.0.0.3', cidr: '10.0.0.3/29' } as const,
      { ...face, family: 'IPv6', address: 'fd09::1', cidr: 'fd09::1/64', scopeid: 0 } as const,
    ];
    assert.deepEqual(networkEdges({ eth0: list }), ['10.0.0.0', '10.0.0.7']);
  });

  it('neither guards nor gives away the addresses of its peers', () => {
    const chosen = parse({ ...three, peers: [...three.peers, { name: 'd', address: '10.0.0.9' }] });
    const { of } = modelled(input(), chosen);
    assert.deepEqual(of.get('Guard lan'), { ranges: ['10.0.0.0-10.0.0.8', '10.0.0.10-10.0.0.15'] });
    assert.deepEqual(provider.reserves?.(chosen), ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.0.0.9']);
  });

  it('asks a proxy of this machine where another balancer serves the services, by HTTP where there is any', () => {
    const shared = new Set(['shop/web']);
    const mixed = [group('10.0.0.5', [web], { 80: 'http', 443: 'https', 8080: 'http', 53: 'udp' })];
    const probe = (given: Parameters<typeof input>[0], more = {}) =>
      modelled(input(given), parse({ ...three, ...more })).of.get('Announcement 10.0.0.5')?.probe;
    assert.deepEqual(probe({ groups: mixed, shared }), [80, 443]);
    assert.equal(probe({ groups: mixed }), undefined);
    assert.deepEqual(probe({ groups: mixed }, { followHealth: 'always' }), [80, 443]);
    assert.equal(probe({ groups: mixed, shared }, { followHealth: 'never' }), undefined);
    const tcp = group('10.0.0.5', [web], { 5432: 'tcp' });
    assert.deepEqual(probe({ groups: [tcp], shared }), [5432]);
    assert.equal(probe({ groups: [tcp, group('10.0.0.6', [web])], shared }), undefined);
  });

  it('says of whom nobody may answer for, and why each machine may not', () => {
    const excluded = { 'node.kubernetes.io/exclude-from-external-load-balancers': '' };
    const nodes = ['a', 'b', 'c'].map((name) => ({ name, addresses: [], labels: excluded, ready: true }));
    const { of, problems } = modelled(input({ groups: [one], nodes, shared: new Set(['shop/web']) }));
    assert.deepEqual(of.get('Announcement 10.0.0.5')?.candidates, []);
    assert.deepEqual(Object.keys(Object(of.get('Announcement 10.0.0.5')?.others)), ['a', 'b', 'c']);
    assert.deepEqual(
      problems.map(({ code, service: id }) => [code, id]),
      [['E_L2_NOBODY', 'shop/web']],
    );
    assert.match(problems[0]?.message ?? '', /^10\.0\.0\.5 has 0 candidates: a, b, c has the label/);
  });

  it('finds no fault where a service has no endpoint: who exports it has said so', () => {
    const backends = Object.entries(web.backends).map(([name, backend]) => [name, { ...backend, targets: [] }]);
    const idle = { ...web, backends: Object.fromEntries(backends) };
    const nodes = ['a', 'b', 'c'].map((name) => ({ name, addresses: [], labels: {}, ready: true }));
    const { of, problems } = modelled(input({ groups: [group('10.0.0.5', [idle])], nodes }));
    assert.deepEqual(problems, []);
    assert.deepEqual(of.get('Announcement 10.0.0.5')?.candidates, []);
  });

  it('ranks machines in tiers by the preferences of rules', () => {
    const nodes = ['a', 'b', 'c'].map((name) => ({ name, addresses: [], labels: { rack: name }, ready: true }));
    const preferences = [{ weight: 5, selector: 'rack in (b,c)' }];
    const announcements = [{ name: 'lan', preferences, source: 'L2Advertisement/metallb-system/lan' }];
    const { of } = modelled(input({ groups: [one], nodes, announcements, shared: new Set(['shop/web']) }));
    assert.deepEqual(of.get('Announcement 10.0.0.5')?.candidates, [['b', 'c'], ['a']]);
  });

  it('takes its peers from the cluster where the configuration names none, and leaves the voters to it', () => {
    const announcers = [
      { node: 'a', address: '10.0.0.1' },
      { node: 'd', address: '10.0.0.9', port: 8000 },
    ];
    const speaker = modelled(input({ announcers }), parse({ secretFile: '/s' })).of.get('Speaker a');
    assert.deepEqual([speaker?.peers, speaker?.voters, speaker?.mode], [{ d: '10.0.0.9:8000' }, [], 'api']);
  });

  it('keeps peers that the cluster has lost from sight, until they are silent for long', () => {
    const chosen = parse({ secretFile: '/s' });
    const all = ['a', 'b', 'c'].map((node, at) => ({ node, address: `10.1.0.${1 + at}` }));
    const whole = modelled(input({ announcers: all }), chosen);
    const present = (gone: readonly string[] = [], attrs?: Attrs) =>
      whole.resources.map((one) => ({
        ...one,
        attrs: attrs ?? one.attrs,
        handle: one.id,
        owned: true,
        facts: { gone },
      }));
    const lost = (announcers: typeof all, gone?: readonly string[], attrs?: Attrs) =>
      modelled(input({ announcers, present: present(gone, attrs), groups: [one] }), chosen).of;
    const named = parse({ secretFile: '/s', voters: ['a', 'b', 'c'] });
    const without = modelled(input({ announcers: [], present: present() }), named).of.get('Speaker a');
    assert.deepEqual(without?.peers, whole.of.get('Speaker a')?.peers, 'whoever names the voters');
    for (const left of [[], all.slice(0, 1), all.slice(1, 2), all])
      assert.deepEqual(lost(left).get('Speaker a'), whole.of.get('Speaker a'), JSON.stringify(left));
    assert.deepEqual(lost([]).get('Announcement 10.0.0.5')?.candidates, [['a', 'b', 'c']]);
    const { listen = '', peers = {} } = whole.of.get('Speaker a') ?? {};
    assert.deepEqual(lost([], [], { listen, peers }).get('Speaker a')?.peers, peers, 'by what is left of it');
    assert.deepEqual(lost([], ['c']).get('Speaker a')?.peers, { b: '10.1.0.2:7949' });
    const problems = (announcers: typeof all) => modelled(input({ announcers, present: present() }), chosen).problems;
    assert.match(problems(all.slice(0, 1))[0]?.message ?? '', /^the cluster names none of b, c any more/);
    assert.deepEqual(problems(all.slice(0, 2)), []);
    assert.deepEqual(lost(all, ['c']).get('Speaker a')?.peers, peers, 'whoever is named is waited for');
    const moved = [
      { node: 'b', address: '10.1.0.9' },
      { node: 'd', address: '10.1.0.3' },
    ];
    assert.deepEqual(lost(moved).get('Speaker a')?.peers, { b: '10.1.0.9:7949', d: '10.1.0.3:7949' });
  });

  it('is of a cluster also while that names nobody', () => {
    const speaker = modelled(input({ announcers: [] }), parse({ secretFile: '/s' })).of.get('Speaker a');
    assert.deepEqual([speaker?.peers, speaker?.voters, speaker?.mode], [{}, [], 'api']);
  });

  it('tells a machine that its peers know it under another name', () => {
    const { problems } = modelled(input({ node: 'host-b', environment: { addresses: ['10.1.0.2', '10.9.9.9'] } }));
    assert.deepEqual(
      problems.map(({ code, severity, source }) => [code, severity, source]),
      [['W_L2_PEER', 'warning', 'balancer/vip']],
    );
    assert.match(problems[0]?.message ?? '', /^10\.1\.0\.2 is an address of this machine, .* set `instance: b`/);
    assert.deepEqual(modelled(input({ node: 'b', environment: { addresses: ['10.1.0.2'] } })).problems, []);
    const announcers = [{ node: 'b', address: '10.1.0.2' }];
    const clustered = input({ node: 'x', announcers, environment: { addresses: ['10.1.0.2'] } });
    assert.equal(modelled(clustered, parse({ secretFile: '/s' })).problems.length, 1);
  });

  it('gives no address to a machine that only votes', () => {
    const peers = three.peers.map((peer) => ({ ...peer, witness: peer.name === 'c' }));
    const chosen = parse({ ...three, peers });
    const { of } = modelled(input({ groups: [one], node: 'c' }), chosen);
    assert.deepEqual(of.get('Announcement 10.0.0.5')?.candidates, [['a', 'b']]);
    assert.deepEqual([of.get('Speaker c')?.witness, of.get('Speaker c')?.voters], [true, ['c', 'a', 'b']]);
  });
});

describe('options of l2', () => {
  const refused = (given: object) => {
    try {
      parse(given);
    } catch (error) {
      return String(error);
    }
    return undefined;
  };

  it('refuse what cannot work, with the remedy', () => {
    assert.match(refused({ mode: 'witness', peers: three.peers }) ?? '', /give one of the peers `witness: true`/);
    assert.match(refused({ mode: 'api', peers: three.peers }) ?? '', /needs the API server of a cluster/);
    assert.match(refused({ peers: [three.peers[0], three.peers[0]] }) ?? '', /is there before/);
    const again = { name: 'd', address: '10.1.0.1' };
    assert.match(refused({ peers: [...three.peers, again] }) ?? '', /is that of a; each machine has its own/);
    assert.equal(refused({ peers: [...three.peers, { ...again, port: 8000 }] }), undefined);
    assert.match(refused({ voters: ['x', 'y'], peers: three.peers }) ?? '', /is not among peers/);
    assert.match(refused({ interfaces: { include: ['eth0; reboot'] } }) ?? '', /name of an interface/);
    assert.match(refused({ peers: [{ name: 'a', address: '010.0.0.1' }] }) ?? '', /leading zeros/);
    assert.match(refused({ peer: [] }) ?? '', /[Uu]nrecognized/);
  });

  it('take one name among the voters that is no peer: this machine itself', () => {
    assert.equal(refused({ voters: ['b', 'c', 'a'], peers: three.peers.slice(1) }), undefined);
  });
});
