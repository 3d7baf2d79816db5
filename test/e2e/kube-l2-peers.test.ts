/** The list of machines that announce is lost, shortened, and back: whoever is heard goes on, and disks that disagree on who votes are mended by the cluster's record. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { needsRootAnd } from '../fakes/needs.ts';
import { eventually, findPrograms, missingKube, startControlPlane } from '../kube/index.ts';
import { Cluster, home, own } from './kube-l2-stage.ts';
import { type Lan, makeLan } from './l2-lan.ts';

const names = ['a', 'b', 'c'];
const vips = ['10.77.0.100', '10.77.0.101', '10.77.0.102'];
const record = z.object({ version: z.number(), voters: z.array(z.string()), previous: z.array(z.string()) });
const disk = z.object({ inc: z.number(), group: record.optional(), settled: z.boolean().optional() });

const missing = missingKube() || (findPrograms('helm').missing ?? needsRootAnd('ip', 'nft', 'curl'));

describe('weirs in a cluster that has lost the list of them', { skip: missing }, () => {
  let lan: Lan;
  let cluster: Cluster;
  const fileOf = (name: string) => join(cluster.folder, name, 'state', 'balancers', 'vip', 'l2-node.json');
  const diskOf = (name: string) => disk.parse(JSON.parse(readFileSync(fileOf(name), 'utf8')));
  const owners = () => vips.map((vip) => cluster.announced('a', vip)?.owner);
  const allAnswered = () =>
    eventually(
      () => names.flatMap((name) => vips.map((vip) => cluster.announced(name, vip)?.owner)),
      (all) => all.every((owner) => owner !== undefined),
      60_000,
    );
  const everybodyVotes = () =>
    eventually(
      () => names.map((name) => diskOf(name)),
      (all) =>
        all.every(({ group, settled }) => settled === true && group?.voters.toSorted().join() === 'a,b,c') &&
        new Set(all.map(({ group }) => group?.version)).size === 1,
      60_000,
    );

  before(async () => {
    lan = makeLan(names);
    cluster = new Cluster(await startControlPlane({ kcm: false }), lan, names);
    await cluster.prepare();
    const { client } = cluster.plane;
    const metallb = (kind: string, spec: object) =>
      client.apply({ apiVersion: 'metallb.io/v1beta1', kind, metadata: { name: 'lan', namespace: home }, spec });
    await metallb('IPAddressPool', { addresses: [`${vips[0]}-${vips.at(-1)}`] });
    await metallb('L2Advertisement', {});
    for (const at of vips.keys()) {
      const ports = [{ name: 'p', port: 80 }];
      const metadata = { name: `web-${at}`, namespace: 'default' };
      await client.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer', ports } });
      await cluster.slice('default', `web-${at}`, [{ node: 'a', address: '10.88.0.1' }]);
    }
    for (const name of names) cluster.start(name);
  });
  after(async () => {
    await cluster?.end();
    await cluster?.plane.stop();
    lan?.end();
  });

  it('before it is there, answer from one machine, and from all as soon as it is', async () => {
    await eventually(
      () => vips.map((vip) => names.filter((name) => cluster.announced(name, vip)?.owner === name)),
      (all) => all.every((own) => own.length === 1),
    );
    for (const vip of vips) assert.equal((await cluster.answering(vip)).length, 1, vip);
    await cluster.speakers(names);
    await allAnswered();
    await everybodyVotes();
  });

  it('go on as they are, whether nobody or only one is named', async () => {
    await allAnswered();
    const [had, version] = [owners(), diskOf('a').group?.version];
    const watch = await lan.observe(vips, 5);
    await cluster.plane.client.remove(`/apis/discovery.k8s.io/v1/namespaces/${own}/endpointslices/weir-peers-hand`);
    await sleep(2500);
    await cluster.speakers(['a']);
    await sleep(2500);
    const { said } = await watch.end();
    assert.deepEqual(owners(), had);
    for (const [at, vip] of vips.entries()) {
      const answers = said.filter((one) => one.vip === vip && one.kind === 'reply');
      assert.deepEqual([...new Set(answers.map(({ mac }) => mac))], [lan.mac(had[at] ?? '')], vip);
      const gaps = answers.map(({ at: then }, i) => then - (answers[i - 1]?.at ?? then));
      assert.ok(Math.max(...gaps) < 1000, `${vip} was answered all the time`);
    }
    assert.deepEqual(
      names.map((name) => diskOf(name).group?.version),
      [version, version, version],
    );
    assert.deepEqual((await cluster.voters()).toSorted(), names);
  });

  it('follow one that dies, which knows the others when it is back', async () => {
    const [owner = ''] = owners();
    await cluster.stop(owner, 'SIGKILL');
    for (const vip of vips) await cluster.answeredBy(vip, (name) => name !== owner);
    cluster.start(owner);
    await eventually(
      () => vips.map((vip) => cluster.announced(owner, vip)?.owner),
      (all) => all.every((name) => name !== undefined && name !== owner),
    );
  });

  it('are mended where disks disagree on who votes, and never answer twice', async () => {
    await cluster.speakers(names);
    await Promise.all(names.map((name) => cluster.stop(name, 'SIGKILL')));
    for (const name of names) {
      const voters = [name === 'b' ? 'b' : 'c'];
      const group = { version: 9, voters, previous: ['b', 'c'] };
      writeFileSync(fileOf(name), JSON.stringify({ ...diskOf(name), group, settled: false }));
    }
    const watch = await lan.observe(vips, 2);
    for (const name of names) cluster.start(name);
    for (const vip of vips) await cluster.answeredBy(vip);
    await everybodyVotes();
    const { said } = await watch.end();
    for (const vip of vips) {
      const macs = said.filter((one) => one.vip === vip && one.kind === 'reply').map(({ mac }) => mac);
      const turns = macs.filter((mac, at) => mac !== macs[at - 1]);
      assert.equal(turns.length, new Set(turns).size, `${vip}: ${turns}`);
    }
  });
});
