/** deploy/examples/vip/two-and-witness, started as it stands but for where the network and the files are: two machines that serve, one that votes. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { needsRootAnd } from '../fakes/needs.ts';
import { doubleAnswers } from './l2-doubles.ts';
import { type Lan, makeLan } from './l2-lan.ts';
import { type Machine, makeWeirs, type Weirs } from './l2-weirs.ts';

const names = ['one', 'two', 'witness'];
const vips = ['10.77.0.100', '10.77.0.101'];
const example = fileURLToPath(new URL('../../deploy/examples/vip', import.meta.url));
const skip = needsRootAnd('ip', 'nft', 'haproxy', 'curl', 'setpriv');
let lan: Lan | undefined;
let weirs: Weirs | undefined;
before(() => {
  if (skip !== false) return;
  lan = makeLan(names);
  weirs = makeWeirs(lan, names);
});
after(async () => {
  await weirs?.end();
  lan?.end();
});

it('the owner is killed: the other machine answers for all its addresses; the witness needs no right', {
  skip,
}, async () => {
  assert.ok(lan !== undefined && weirs !== undefined);
  const { folder, owner, until } = weirs;
  const here = (text: string) =>
    text
      .replaceAll('192.0.2.', '10.77.0.')
      .replaceAll('/etc/weir/secret', join(folder, 'secret'))
      .replaceAll('../services', join(folder, 'services'));
  const copy = (from: string, to: string, more = '') =>
    writeFileSync(to, `${here(readFileSync(join(example, from), 'utf8'))}${more}`);
  mkdirSync(join(folder, 'services'));
  copy('services/shop.yaml', join(folder, 'services', 'shop.yaml'));
  for (const name of names) {
    mkdirSync(join(folder, name));
    copy(`two-and-witness/${name}.yaml`, join(folder, name, 'weir.yaml'), `stateDir: ${join(folder, name, 'state')}\n`);
  }
  const machines = new Map<string, Machine>([
    ['witness', weirs.start('witness', ['setpriv', '--inh-caps', '-all', '--bounding-set', '-all'])],
  ]);
  for (const name of ['one', 'two']) machines.set(name, weirs.start(name));
  const said = () => [...machines.values()].map(({ name, text }) => `${name}: ${text().slice(-1500)}`).join('\n');
  const owners = await until(said, () => {
    const seen = vips.map((vip) => owner('witness', vip));
    return seen.includes(undefined) ? undefined : seen;
  });
  assert.ok(
    owners.every((name) => name === 'one' || name === 'two'),
    `${owners}`,
  );
  assert.equal(lan.run('witness', 'nft list tables').trim(), '');
  const [victim = ''] = owners;
  const other = victim === 'one' ? 'two' : 'one';
  const observation = await lan.observe(vips, 2);
  machines.get(victim)?.kill('SIGKILL');
  for (const vip of vips)
    for (const name of [other, 'witness']) await until(said, () => (owner(name, vip) === other ? true : undefined));
  assert.deepEqual(doubleAnswers(await observation.end()), []);
});
