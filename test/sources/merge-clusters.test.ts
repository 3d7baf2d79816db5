import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createGather } from '../../src/app/gather.ts';
import type { ExportedService, Snapshot, Source, Target } from '../../src/model/index.ts';
import { mergeClusters } from '../../src/sources/merge-clusters.ts';
import { mergeService } from '../../src/sources/merge-services.ts';
import { fastClock } from './kubernetes/live-stage.ts';

const target = (address: string, more: Partial<Target> = {}): Target => ({
  address,
  port: 80,
  weight: 1,
  state: 'ready',
  ...more,
});

const web = (cluster: string, targets: readonly Target[], port = 80): ExportedService => ({
  id: 'shop/web',
  origin: { source: cluster, cluster, kind: 'Service', namespace: 'shop', name: 'web', labels: {} },
  groups: [],
  fronts: [
    {
      key: 'http',
      port,
      protocol: 'tcp',
      routes: [],
      default: { type: 'forward', to: [{ backend: 'http', weight: 1 }] },
    },
  ],
  backends: { http: { targets, targetKind: 'ip', protocol: 'tcp', balance: 'roundrobin' } },
  settings: {},
  settingsOrigin: {},
});

const weights = (service: ExportedService | undefined) =>
  Object.fromEntries((service?.backends.http?.targets ?? []).map(({ address, weight }) => [address, weight]));

class Hand implements Source {
  readonly name: string;
  failure: Error | undefined;
  reads = 0;
  #services: readonly ExportedService[] = [];
  #snapshot: Snapshot | undefined;
  #changed: (cause: string) => void = () => undefined;

  constructor(name: string) {
    this.name = name;
  }

  set(...services: readonly ExportedService[]): void {
    this.#services = services;
    this.#snapshot = undefined;
    this.#changed('by hand');
  }

  async read(): Promise<Snapshot> {
    this.reads++;
    if (this.failure !== undefined) throw this.failure;
    this.#snapshot ??= { services: this.#services, nodes: [], problems: [], incomplete: [] };
    return this.#snapshot;
  }

  async watch(changed: (cause: string) => void, signal: AbortSignal): Promise<void> {
    this.#changed = changed;
    if (this.failure !== undefined) throw this.failure;
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  }

  async secret(): Promise<string | undefined> {
    return this.name === 'west' ? 'of west' : undefined;
  }
}

describe('a service of several clusters', () => {
  it('has the targets of all, and what the first says of everything else', () => {
    const east = web('east', [target('10.0.0.1')]);
    const west = web('west', [target('10.1.0.1'), target('10.0.0.1', { weight: 0 })]);
    const made = mergeService([
      { cluster: 'east', service: east },
      { cluster: 'west', service: west },
    ]);
    assert.deepEqual(weights(made?.service), { '10.0.0.1': 1, '10.1.0.1': 1 });
    assert.equal(made?.service.fronts, east.fronts);
    assert.deepEqual(made?.problems, []);
  });

  it('shares by the weights of the clusters, whatever the numbers of targets', () => {
    const east = web('east', [target('10.0.0.1'), target('10.0.0.2'), target('10.0.0.3', { state: 'draining' })]);
    const west = web('west', [target('10.1.0.1')]);
    const merge = (a: number, b: number) =>
      weights(
        mergeService([
          { cluster: 'east', weight: a, service: east },
          { cluster: 'west', weight: b, service: west },
        ])?.service,
      );
    assert.deepEqual(merge(1, 1), { '10.0.0.1': 128, '10.0.0.2': 128, '10.0.0.3': 128, '10.1.0.1': 256 });
    assert.deepEqual(merge(3, 1), { '10.0.0.1': 128, '10.0.0.2': 128, '10.0.0.3': 128, '10.1.0.1': 85 });
    assert.deepEqual(merge(0, 5), { '10.0.0.1': 0, '10.0.0.2': 0, '10.0.0.3': 0, '10.1.0.1': 256 });
    const many = web(
      'east',
      Array.from({ length: 400 }, (_, i) => target(`10.0.${i >> 8}.${i & 255}`)),
    );
    const least = mergeService([{ cluster: 'east', weight: 1, service: many }])?.service.backends.http?.targets ?? [];
    assert.ok(
      least.every(({ weight }) => weight === 1),
      'never none by rounding',
    );
  });

  it('tells where the clusters differ', () => {
    const made = mergeService([
      { cluster: 'east', service: web('east', []) },
      { cluster: 'west', service: web('west', [target('10.1.0.1')], 8080) },
    ]);
    assert.deepEqual(
      made?.problems.map(({ code, service }) => [code, service]),
      [['W_CLUSTERS_DIFFER', 'shop/web']],
    );
    assert.equal(made?.service.fronts[0]?.port, 80);
  });
});

describe('several clusters as one source', () => {
  it('keep each other while one is lost, and what was last good of it', async () => {
    const [east, west] = [new Hand('east'), new Hand('west')];
    const source = mergeClusters(
      [
        { source: east, cluster: 'east' },
        { source: west, cluster: 'west' },
      ],
      fastClock,
    );
    east.set(web('east', [target('10.0.0.1')]));
    west.set(web('west', [target('10.1.0.1')]));
    const end = new AbortController();
    const causes: string[] = [];
    const done = source.watch((cause) => void causes.push(cause), end.signal);
    const first = await source.read(end.signal);
    assert.deepEqual(weights(first.services[0]), { '10.0.0.1': 1, '10.1.0.1': 1 });
    assert.equal(await source.read(end.signal), first, 'the same while nothing changed');
    west.failure = new Error('gone');
    west.set();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const lost = await source.read(end.signal);
    assert.deepEqual(lost.services, first.services);
    assert.equal(lost.services[0], first.services[0]);
    assert.deepEqual(lost.incomplete, [{ source: 'west', part: 'everything', reason: 'gone' }]);
    assert.match(lost.problems[0]?.message ?? '', /cluster west cannot be read: gone; its last good targets stay/);
    east.set(web('east', [target('10.0.0.2')]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(weights((await source.read(end.signal)).services[0]), { '10.0.0.2': 1, '10.1.0.1': 1 });
    west.failure = undefined;
    west.set(web('west', [target('10.1.0.2')]));
    await new Promise((resolve) => setTimeout(resolve, 5));
    const back = await source.read(end.signal);
    assert.deepEqual([weights(back.services[0]), back.incomplete], [{ '10.0.0.2': 1, '10.1.0.2': 1 }, []]);
    assert.ok(causes.some((cause) => cause.startsWith('west: ')));
    assert.equal(await source.secret({ sha256: '', origin: '', names: [] }), 'of west');
    end.abort();
    await done;
  });

  it('are an error only when none can be read; one that cannot be from the start is incomplete', async () => {
    const [east, west] = [new Hand('east'), new Hand('west')];
    east.failure = new Error('away');
    west.failure = new Error('gone');
    const source = mergeClusters(
      [
        { source: east, cluster: 'east' },
        { source: west, cluster: 'west' },
      ],
      fastClock,
    );
    await assert.rejects(source.read(AbortSignal.timeout(1000)), /away/);
    west.failure = undefined;
    west.set(web('west', [target('10.1.0.1')]));
    const now = await source.read(AbortSignal.timeout(1000));
    assert.deepEqual(
      [now.services.length, now.incomplete.map(({ source, blank }) => [source, blank])],
      [1, [['east', true]]],
    );
  });

  it('let go what one lets go that another, which is lost, did not have; of one that was never read nobody knows', async () => {
    const [east, west] = [new Hand('east'), new Hand('west')];
    const members = [east, west].map((source) => ({ source, cluster: source.name }));
    const source = mergeClusters(members, fastClock);
    const gather = createGather([]);
    const { signal } = new AbortController();
    const endsApi = async () => {
      east.set(web('east', []), { ...web('east', []), id: 'shop/api' });
      await source.read(signal);
      west.failure = new Error('gone');
      east.set(web('east', []));
      const snapshot = await source.read(signal);
      assert.equal(await source.read(signal), snapshot);
      return ['shop/api', 'shop/web', 'shop/other'].map((id) => gather([snapshot]).couldExist(id));
    };
    assert.deepEqual(await endsApi(), [false, false, true]);
    east.set(web('east', []), { ...web('east', []), id: 'shop/api' });
    assert.equal((await source.read(signal)).ended, undefined, 'it is there again');
    west.failure = undefined;
    assert.deepEqual((await source.read(signal)).incomplete, []);
    const fresh = new Hand('west');
    fresh.failure = new Error('gone');
    const unread = mergeClusters(
      [members[0] ?? { source: east, cluster: 'east' }, { source: fresh, cluster: 'west' }],
      fastClock,
    );
    await unread.read(signal);
    east.set(web('east', []));
    assert.equal(gather([await unread.read(signal)]).couldExist('shop/api'), true);
  });
});
