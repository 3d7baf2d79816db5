import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { options } from '../../../providers/awselb/options.ts';
import { placeOf, WantedStacks } from '../../../providers/awselb/wanted-stacks.ts';

const arn = (account: string, name: string) =>
  `arn:aws:elasticloadbalancing:eu-west-1:${account}:loadbalancer/net/${name}/1`;

async function memory(t: TestContext) {
  const stateDir = await mkdtemp(join(tmpdir(), 'weir-stacks-'));
  t.after(() => rm(stateDir, { recursive: true, force: true }));
  const wall = { ms: 1_000_000 };
  const clock = { now: () => wall.ms, wall: () => wall.ms, sleep: () => Promise.resolve() };
  const open = (place = 'eu-west-1 prod', mayKeep = true) =>
    new WantedStacks(place, { stateDir, clock, mayKeep: () => mayKeep });
  const file = join(stateDir, 'wanted-stacks.json');
  return { stateDir, file, wall, open };
}

describe('stacks that were wanted', () => {
  it('are known to another process once they are kept: before a call, or beside the work of who may', async (t) => {
    const { open, file } = await memory(t);
    const planning = open(undefined, false);
    planning.want([['service shop/web', []]]);
    planning.keep('beside');
    assert.equal(planning.has('service shop/web'), true);
    assert.equal(open().has('service shop/web'), false);
    planning.keep('before a call');
    assert.equal(open().has('service shop/web'), true);
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    const running = open();
    running.want([['service shop/db', []]]);
    running.keep('beside');
    assert.deepEqual([open().has('service shop/web'), open().has('service shop/db')], [true, true]);
  });

  it('are those of one place: another region, cluster, profile or account has its own', async (t) => {
    const { open } = await memory(t);
    const places = [
      placeOf('eu-west-1', options.parse({ clusterName: 'prod' })),
      placeOf('us-east-1', options.parse({ clusterName: 'prod' })),
      placeOf('eu-west-1', options.parse({ clusterName: 'test' })),
      placeOf('eu-west-1', options.parse({ clusterName: 'prod', profile: 'other' })),
    ];
    for (const [i, place] of places.entries()) {
      const one = open(place);
      one.want([[`service shop/of-${i}`, []]]);
      one.note(`service shop/of-${i}`, arn('111111111111', `lb-${i}`));
      one.keep('beside');
    }
    for (const [i, place] of places.entries())
      assert.deepEqual(
        places.map((_, j) => open(place).has(`service shop/of-${j}`)),
        places.map((_, j) => i === j),
      );
    const first = open(places[0]);
    assert.equal(first.has('service shop/of-0', arn('111111111111', 'another')), true);
    assert.equal(first.has('service shop/of-0', arn('222222222222', 'lb-0')), false);
    assert.equal(first.stackOf(arn('111111111111', 'lb-0')), 'service shop/of-0');
    assert.equal(first.stackOf(arn('111111111111', 'lb-1')), undefined);
  });

  it('have members, of whom none is forgotten while the group is there', async (t) => {
    const { open } = await memory(t);
    const one = open();
    one.want([['ingress edge', ['shop/web', 'shop/api']]]);
    one.want([['ingress edge', ['shop/api', 'shop/new']]]);
    one.keep('beside');
    const later = open();
    for (const part of ['shop/web', 'shop/web-backend', 'shop/new-a-b'])
      assert.equal(later.hadMember('ingress edge', part), true, part);
    for (const part of ['shop/webbackend', 'other/web-backend', 'shop'])
      assert.equal(later.hadMember('ingress edge', part), false, part);
  });

  it('are forgotten a quarter of an hour after nothing of them was there; not while they are wanted, or there', async (t) => {
    const { open, wall } = await memory(t);
    const key = 'service shop/web';
    const first = open();
    first.want([[key, []]]);
    first.listed(new Set(), () => true);
    first.listed(new Set([key]), () => false);
    first.keep('beside');
    const look = (there: readonly string[] = [], afterMs = 0) => {
      wall.ms += afterMs;
      const one = open();
      one.listed(new Set(there), () => false);
      one.keep('beside');
      return one.has(key);
    };
    assert.deepEqual([look(), look([], 899_000), look([key], 2_000), look([], 3_600_000)], [true, true, true, true]);
    assert.equal(look([], 901_000), false);
    assert.equal(open().has(key), false);
  });

  it('that cannot be written down are told, and what needs no disk goes on', async (t) => {
    const { stateDir, open } = await memory(t);
    const one = open();
    one.want([['service shop/web', []]]);
    await rm(stateDir, { recursive: true });
    one.keep('before a call');
    const [trouble] = one.troubles();
    assert.equal(trouble?.code, 'W_STACKS_UNKNOWN');
    assert.match(trouble?.message ?? '', /wanted-stacks\.json.* cannot be written: .*ENOENT/);
    assert.equal(one.has('service shop/web'), true);
  });

  it('of two thousand services are one small file', async (t) => {
    const { stateDir, file, open } = await memory(t);
    const one = open();
    const keys = Array.from({ length: 2_000 }, (_, i) => `service namespace-${i % 20}/service-${i}`);
    one.want(keys.map((key) => [key, []]));
    for (const [i, key] of keys.entries()) one.note(key, arn('111111111111', `k8s-namespac-service-${i}`));
    one.keep('before a call');
    assert.ok((await readFile(file)).length < 500_000);
    assert.deepEqual(await readdir(stateDir), ['wanted-stacks.json']);
  });
});
