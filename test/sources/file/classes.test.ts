/** `classes` of a file source keeps out what another controller serves. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { weir } from '../../fakes/weir-process.ts';

const service = (name: string, more: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { type: LoadBalancer, ${more} ports: [{ port: 80 }] }
---
`;

it('takes Services without a class unless classes are named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-classes-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(
    join(folder, 'services.yaml'),
    service('plain', '') + service('named', 'loadBalancerClass: example.com/lb,'),
  );
  const taken = async (classes: string) => {
    const source = `{ type: file, paths: [./services.yaml]${classes} }`;
    const text = `sources: [${source}]\nbalancers: [{ name: main, provider: builtin }]\n`;
    await writeFile(join(folder, 'weir.yaml'), text);
    const { out, err } = await weir(['render', '-c', 'weir.yaml', '-o', 'json'], folder);
    const report: { services: { id: string }[] } = JSON.parse(out || err);
    return report.services.map(({ id }) => id).sort();
  };
  assert.deepEqual(await taken(''), ['shop/named', 'shop/plain']);
  assert.deepEqual(await taken(', classes: [example.com/lb]'), ['shop/named']);
});
