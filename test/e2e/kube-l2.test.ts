/** Weirs on the nodes of a cluster announce what MetalLB's objects say: each address from exactly one node, whatever happens to the API server. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { needsRootAnd } from '../fakes/needs.ts';
import { eventually, findPrograms, missingKube, startControlPlane } from '../kube/index.ts';
import { type Audit, keepAudit } from './kube-deploy-audit.ts';
import { Cluster, home } from './kube-l2-stage.ts';
import { type Lan, makeLan } from './l2-lan.ts';

const names = ['a', 'b', 'c'];
/** Asked for where there is something to read or to write: Secrets of Ingresses and those that ask for addresses, Events that are told again. */
const unused = [
  ...['get /secrets', 'list /secrets', 'watch /secrets', 'patch networking.k8s.io/ingresses/status'],
  ...['get events.k8s.io/events', 'patch events.k8s.io/events'],
];
const [web, local] = ['10.77.0.100', '10.77.0.110'];

/** As MetalLB's own pages have them. */
const pool = (name: string, addresses: readonly string[]) => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name, namespace: home },
  spec: { addresses },
});
const advertisement = (spec: object) => ({
  apiVersion: 'metallb.io/v1beta1',
  kind: 'L2Advertisement',
  metadata: { name: 'lan', namespace: home },
  spec,
});
const service = (name: string, poolName: string, spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', annotations: { 'metallb.io/address-pool': poolName } },
  spec: { type: 'LoadBalancer', ports: [{ name: 'p', port: 80 }], ...spec },
});

const missing = missingKube() || (findPrograms('helm').missing ?? needsRootAnd('ip', 'nft', 'curl'));

describe('MetalLB’s objects in a cluster', { skip: missing }, () => {
  let lan: Lan;
  let cluster: Cluster;
  let audit: Audit;
  const apply = (object: Parameters<Cluster['plane']['client']['apply']>[0]) => cluster.plane.client.apply(object);

  before(async () => {
    lan = makeLan(names);
    audit = keepAudit();
    cluster = new Cluster(await startControlPlane({ kcm: false, flags: audit.flags }), lan, names);
    await cluster.prepare();
    await cluster.speakers(['a', 'b']);
    for (const name of ['a', 'b']) cluster.start(name);
  });
  after(async () => {
    audit?.end();
    await cluster?.end();
    await cluster?.plane.stop();
    lan?.end();
  });

  it('as they are: the Service has its address, one node answers for it, and says so', async () => {
    await apply(pool('web', [`${web}/32`]));
    await apply(service('web', 'web'));
    await cluster.slice('default', 'web', [{ node: 'a', address: '10.88.0.1' }]);
    await eventually(
      () => cluster.kubectl('get', 'svc', 'web'),
      (text) => text.includes(` ${web} `),
    );
    await eventually(
      () => cluster.announced('b', web)?.others.map(({ reason }) => reason)[0] ?? '',
      (reason) => /no L2Advertisement announces/.test(reason),
    );
    assert.deepEqual(await cluster.answering(web), []);
    await eventually(
      () => cluster.kubectl('get', 'svc', 'web', '-o', 'yaml'),
      (text) => text.includes('metallb.io/ip-allocated-from-pool: web'),
    );
    await apply(advertisement({}));
    const owner = await cluster.answeredBy(web);
    const [status, ...others] = await eventually(
      () => cluster.statuses(),
      (all) => all.length === 1 && all[0]?.status !== undefined,
    );
    assert.deepEqual(others, []);
    assert.deepEqual(status?.status, {
      node: owner,
      serviceName: 'web',
      serviceNamespace: 'default',
      interfaces: [{ name: 'eth0' }],
    });
    const events = await eventually(
      () => cluster.kubectl('describe', 'svc', 'web'),
      (text) => text.includes('nodeAssigned'),
    );
    assert.match(events, new RegExp(`Normal +nodeAssigned .*announcing from node "${owner}" with protocol "layer2"`));
    assert.match(events, new RegExp(`Normal +IPAllocated .*Assigned IP \\["${web}"\\]`));
    await eventually(
      () => cluster.poolStatus('web'),
      (text) => text === '{"assignedIPv4":1,"assignedIPv6":0,"availableIPv4":0,"availableIPv6":0}',
    );
    const series = `metallb_speaker_announced{service="default/web",protocol="layer2",node="${owner}",ip="${web}"} 1`;
    assert.ok(cluster.metrics(owner).includes(series), cluster.metrics(owner));
  });

  it('are announced by a node that joins, too, which needs no configuration and comes to vote', async () => {
    const before = await cluster.answeredBy(web);
    cluster.start('c');
    await cluster.speakers(names);
    await eventually(
      () => cluster.announced('c', web)?.candidates.join(),
      (candidates) => candidates === 'a,b,c',
    );
    await eventually(
      () => cluster.voters(),
      (voters) => voters.toSorted().join() === 'a,b,c',
    );
    assert.deepEqual(await cluster.answering(web), [before], 'who has it keeps it');
  });

  it('move an address when they are edited, to the node that is named, and nowhere else', async () => {
    const before = await cluster.answeredBy(web);
    const next = names.find((name) => name !== before) ?? '';
    await apply(advertisement({ nodeSelectors: [{ matchLabels: { 'kubernetes.io/hostname': next } }] }));
    await cluster.answeredBy(web, (name) => name === next);
    assert.match(cluster.announced(next, web)?.others[0]?.reason ?? '', /nodeSelectors of no L2Advertisement/);
    await eventually(
      () => cluster.statuses(),
      (all) => all.map(({ status }) => status?.node).join() === next,
    );
    await eventually(
      () => cluster.kubectl('describe', 'svc', 'web'),
      (text) => text.includes(`announcing from node "${next}"`),
    );
    await apply(advertisement({}));
    await eventually(
      () => cluster.announced(next, web)?.candidates.length,
      (count) => count === 3,
    );
    await sleep(500);
    assert.deepEqual(await cluster.answering(web), [next], 'who has it keeps it');
  });

  it('leave out a node that is excluded, and none that is cordoned or not Ready', async () => {
    const before = await cluster.answeredBy(web);
    const { client } = cluster.plane;
    await client.patch(`/api/v1/nodes/${before}`, { spec: { unschedulable: true } });
    const condition = { type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'test' };
    await cluster.node(before, { conditions: [condition] });
    await sleep(1500);
    assert.deepEqual(await cluster.answering(web), [before]);
    const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
    await cluster.node(before, { labels: { [label]: '' } });
    const next = await cluster.answeredBy(web, (name) => name !== before);
    assert.match(cluster.announced(next, web)?.others[0]?.reason ?? '', new RegExp(`has the label ${label}`));
    await cluster.node(before, {});
  });

  it('follow the endpoints of traffic that stays on the node', async () => {
    await apply(pool('local', [`${local}/32`]));
    await apply(service('local', 'local', { externalTrafficPolicy: 'Local' }));
    await cluster.slice('default', 'local', [{ node: 'c', address: '10.88.0.2' }]);
    await cluster.answeredBy(local, (name) => name === 'c');
    await cluster.slice('default', 'local', [
      { node: 'c', address: '10.88.0.2', ready: false },
      { node: 'b', address: '10.88.0.3' },
    ]);
    await cluster.answeredBy(local, (name) => name === 'b');
    await cluster.slice('default', 'local', []);
    await eventually(
      () => cluster.answering(local),
      (all) => all.length === 0,
    );
    await eventually(
      () => cluster.kubectl('describe', 'svc', 'local'),
      (text) => /Warning +NO_TARGETS .*has no targets/.test(text) && !text.includes('L2_NOBODY'),
    );
    await cluster.slice('default', 'local', [{ node: 'b', address: '10.88.0.3' }]);
    await cluster.answeredBy(local, (name) => name === 'b');
    // Who is of another type has no address any more, and names no pool of it.
    const ofPool = 'metallb.io/ip-allocated-from-pool: local';
    const yaml = () => cluster.kubectl('get', 'svc', 'local', '-o', 'yaml');
    await eventually(yaml, (text) => text.includes(ofPool));
    await cluster.kubectl('patch', 'svc', 'local', '--type=merge', '-p', '{"spec":{"type":"ClusterIP"}}');
    await eventually(yaml, (text) => !text.includes(ofPool) && !text.includes(local));
    const again = '{"spec":{"type":"LoadBalancer","externalTrafficPolicy":"Local"}}';
    await cluster.kubectl('patch', 'svc', 'local', '--type=merge', '-p', again);
    await cluster.answeredBy(local, (name) => name === 'b');
  });

  it('say nothing of what others serve: Ingresses without a class', async () => {
    const backend = { service: { name: 'web', port: { number: 80 } } };
    await apply({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'other', namespace: 'default' },
      spec: { rules: [{ host: 'x.test', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] },
    });
    await eventually(
      () => names.every((name) => cluster.state(name)?.services.some(({ id }) => id === 'ingress/default/other')),
      (known) => known,
    );
    await sleep(500);
    assert.doesNotMatch(await cluster.kubectl('describe', 'ingress', 'other'), /Warning/);
    assert.ok(names.every((name) => cluster.state(name)?.problems.every(({ message }) => !message.includes('other'))));
    await cluster.plane.client.remove('/apis/networking.k8s.io/v1/namespaces/default/ingresses/other');
  });

  it('that cannot be used are told at themselves', async () => {
    const bad = { ...advertisement({ preferredNodeSelectors: [{ weight: 0, preference: {} }] }) };
    await apply({ ...bad, metadata: { name: 'wrong', namespace: home } });
    await eventually(
      () => cluster.kubectl('describe', 'l2advertisement', 'wrong', '-n', home),
      (text) => /Warning +FIELD_VALUE .*weight/.test(text),
    );
    await cluster.plane.client.remove(`/apis/metallb.io/v1beta1/namespaces/${home}/l2advertisements/wrong`);
  });

  it('and the API server may go: nothing moves, and a node that dies is followed all the same', async () => {
    const seen = async () => [await cluster.answering(web), await cluster.answering(local)];
    const before = await seen();
    const [[owner = ''] = []] = before;
    const since = () => names.flatMap((name) => [web, local].map((vip) => cluster.announced(name, vip)?.sinceMs));
    const held = since();
    assert.ok(held.every((at) => at !== undefined));
    const watch = await lan.observe([web, local], 2);
    await cluster.plane.killApiServer();
    await sleep(4000);
    const { said } = await watch.end();
    assert.deepEqual(await seen(), before);
    for (const [at, vip] of [web, local].entries()) {
      const macs = new Set(said.flatMap((one) => (one.vip === vip && one.kind === 'reply' ? [one.mac] : [])));
      assert.deepEqual([...macs], before[at]?.map(lan.mac), `${vip} was answered by one node all the time`);
    }
    // Six times as long as a vote that is kept there lasts, and longer than what reads or writes there waits for its next try.
    await sleep(60_000);
    assert.deepEqual([await seen(), since()], [before, held], 'who has it has had it all the time, as every node says');
    await cluster.stop(owner, 'SIGKILL');
    await cluster.answeredBy(web, (name) => name !== owner);
    // By what it has written down.
    cluster.start(owner);
    await eventually(
      () => names.map((name) => cluster.announced(name, web)),
      (all) => new Set(all.map((one) => `${one?.owner} ${one?.candidates}`)).size === 1 && all[0]?.owner !== undefined,
    );
    await cluster.plane.restartApiServer();
    await eventually(
      () => cluster.plane.client.probe('GET', '/api/v1/namespaces/default'),
      (code) => code === 200,
    );
    await cluster.answeredBy(web);
  });

  it('need the rights of the chart, each of them, and no other', async () => {
    const account = 'system:serviceaccount:weir-system:weir';
    const asked = () => audit.requests(account);
    const idle = () => cluster.rights.filter((one) => !unused.includes(one) && !asked().has(one));
    await eventually(idle, (rules) => rules.length === 0, 10_000);
    // A server that has just begun knows no roles yet.
    const refused = [...asked()].filter(([, codes]) => codes.has(403) && ![...codes].some((code) => code < 300));
    assert.deepEqual(
      refused.map(([what]) => what),
      [],
    );
  });

  it('are shown by nobody any more when the last weir has ended', async () => {
    await eventually(
      () => cluster.statuses(),
      (all) => all.length > 0,
    );
    await Promise.all(names.map((name) => cluster.stop(name)));
    assert.deepEqual(await cluster.statuses(), []);
    assert.deepEqual(await cluster.answering(web), []);
    for (const name of names) {
      const left = `${lan.run(name, 'ip route show table local proto 119')}${lan.run(name, 'nft list tables')}`;
      assert.doesNotMatch(left, /local|weir/, `nothing of it is left at ${name}`);
    }
  });
});
