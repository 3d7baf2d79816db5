/** A weir that goes on: what it was never asked for becomes its own when it is asked, and is let go by nobody else's doing. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { ingress, type Manifest, networkService, webService } from '../../bench/awselb/manifests.ts';
import { Stage } from '../../bench/awselb/stage.ts';

const auditMs = 65_000;
const endpoints = [{ address: '10.0.135.10' }, { address: '10.0.151.10' }];
const db = networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints });
const mail = networkService({
  namespace: 'shop',
  name: 'mail',
  ports: [25],
  endpoints,
  annotations: { scheme: 'internet-facing' },
});
const member = (namespace: string, name: string): readonly Manifest[] => [
  ...webService({ namespace, name, endpoints }),
  ingress({
    namespace,
    name,
    paths: [{ host: `${name}.test`, path: '/', service: name }],
    annotations: { 'group.name': 'edge' },
  }),
];

/** Everything served; then another weir begins, which remembers nothing and is given `kept` alone. */
async function begunAnew(t: TestContext, all: Readonly<Record<string, readonly Manifest[]>>, kept: readonly string[]) {
  const stage = await Stage.open();
  t.after(() => stage.close());
  for (const [name, manifests] of Object.entries(all)) stage.cluster.put(name, manifests);
  await stage.start();
  assert.notEqual(await stage.settle(20 * auditMs), undefined);
  await stage.stop();
  await stage.forget();
  for (const name of Object.keys(all)) if (!kept.includes(name)) stage.cluster.remove(name);
  stage.cluster.tell('less');
  await stage.start();
  assert.notEqual(await stage.settle(20 * auditMs), undefined);
  const { world, journal } = stage.aws;
  const tell = async (change: () => void) => {
    change();
    stage.cluster.tell('changed');
    await stage.pass(2 * auditMs);
  };
  const codes = () => stage.app.state().problems.map(({ code }) => code);
  const balancers = () => [...world.elb.loadBalancers.all()].map(({ arn }) => arn);
  return { stage, world, writes: () => journal.writes.length, tell, codes, balancers };
}

describe('a weir that goes on', () => {
  it('adopts as it is, without a write, what it is asked for later; and deletes it when it is asked no more', async (t) => {
    const { stage, writes, tell, codes, balancers } = await begunAnew(t, { db, mail }, ['db']);
    const before = balancers();
    assert.deepEqual([codes(), before.length], [['W_ORPHAN'], 2]);
    const written = writes();
    // Nothing but what is there says that it faces the internet once its annotation is gone.
    const [service, slice] = mail;
    await tell(() => stage.cluster.put('mail', [withoutScheme(service), slice ?? {}]));
    assert.deepEqual([codes(), balancers(), writes()], [[], before, written]);
    await tell(() => stage.cluster.remove('mail'));
    assert.deepEqual([codes(), balancers().length], [[], 1]);
  });

  it('lets a group be of which others are members, whoever leaves it', async (t) => {
    const all = { one: member('shop', 'one'), two: member('other', 'two'), db };
    const { stage, world, writes, tell, codes, balancers } = await begunAnew(t, all, ['one', 'db']);
    const before = balancers();
    const groups = world.elb.targetGroups.size;
    assert.deepEqual([codes(), before.length], [['W_ORPHAN'], 2]);
    await tell(() => stage.cluster.remove('one'));
    assert.deepEqual([codes(), balancers(), world.elb.targetGroups.size], [['W_ORPHAN'], before, groups - 1]);
    const written = writes();
    await stage.pass(3 * auditMs);
    assert.equal(writes(), written);
    await tell(() => {
      stage.cluster.put('one', all.one);
      stage.cluster.put('two', all.two);
    });
    assert.deepEqual([codes(), balancers(), world.elb.targetGroups.size], [[], before, groups]);
    await tell(() => {
      stage.cluster.remove('one');
      stage.cluster.remove('two');
    });
    assert.deepEqual([codes(), balancers().length, world.elb.targetGroups.size], [[], 1, 1]);
  });
});

describe('a weir that begins with nothing', () => {
  it('takes what it is asked for first, and what all of the cluster share, without a write', async (t) => {
    const { stage, writes, tell, codes, balancers } = await begunAnew(t, { db, mail }, []);
    assert.deepEqual(codes(), ['W_ORPHAN', 'W_ORPHAN']);
    const [before, written] = [balancers(), writes()];
    stage.cluster.put('db', db);
    stage.cluster.tell('db');
    // At once, and not with the next audit.
    await stage.pass(5_000);
    assert.deepEqual(
      [stage.troubles().filter((one) => !one.startsWith('W_ORPHAN')), balancers(), writes()],
      [[], before, written],
    );
    await tell(() => stage.cluster.remove('db'));
    assert.deepEqual([codes(), balancers().length], [['W_ORPHAN'], 1]);
    assert.deepEqual(stage.troubles().length, 1);
  });
});

describe('a member of a group that comes back', () => {
  it('is taken as it is, without a write, while the others are served', async (t) => {
    const all = { one: member('shop', 'one'), two: member('other', 'two') };
    const { stage, world, writes, tell, codes, balancers } = await begunAnew(t, all, ['one']);
    assert.deepEqual(codes(), ['W_ORPHAN']);
    const [before, written] = [balancers(), writes()];
    await tell(() => stage.cluster.put('two', all.two));
    assert.deepEqual([codes(), balancers(), writes()], [[], before, written]);
    await tell(() => stage.cluster.remove('one'));
    assert.deepEqual([codes(), balancers(), world.elb.targetGroups.size], [[], before, 1]);
  });
});

function withoutScheme(service: Manifest | undefined): Manifest {
  const text = JSON.stringify(service).replace(
    /,"service\.beta\.kubernetes\.io\/aws-load-balancer-scheme":"[^"]*"/,
    '',
  );
  const made: unknown = JSON.parse(text);
  assert.ok(typeof made === 'object' && made !== null && !text.includes('internet-facing'));
  return Object.fromEntries(Object.entries(made));
}
