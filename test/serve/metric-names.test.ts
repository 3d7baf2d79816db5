import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { metricNames } from '../../src/compat/metallb/index.ts';
import { metricTable } from '../../src/serve/index.ts';

const root = join(import.meta.dirname, '../..');

/** Metric names that stand in calls of count, set and observe, with the method that was called. */
function used(): readonly { readonly name: string; readonly method: string; readonly file: string }[] {
  return globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\.(count|set|observe)\(\s*'(weir_[a-z_]+)'/g)].map(
      ([, method = '', name = '']) => ({ name, method, file }),
    ),
  );
}

test('the code uses no metric that is not in the table, and each as its type', () => {
  const types = new Map(metricTable.map(({ name, type }) => [name, type]));
  const methods = { counter: 'count', gauge: 'set', histogram: 'observe' };
  const uses = used();
  assert.ok(uses.length > 0, 'the search finds the calls');
  for (const { name, method, file } of uses) {
    const type = types.get(name);
    assert.ok(type !== undefined, `${file} uses ${name}, which is not in the table`);
    assert.equal(method, methods[type], `${file} uses ${name} as another type`);
  }
});

test('no metric of the table is without use', () => {
  const texts = globSync('{src,providers}/**/*.ts', { cwd: root, exclude: ['src/serve/metric-table.ts'] }).map((file) =>
    readFileSync(join(root, file), 'utf8'),
  );
  for (const { name } of metricTable) {
    assert.ok(
      texts.some((text) => text.includes(`'${name}'`)),
      `${name} is in the table, and nothing counts it`,
    );
  }
});

test('each metric of MetalLB is there, or deploy/metallb.md says that it is not', () => {
  const offered = new Set(metricTable.map(({ name }) => name));
  const [, absent = ''] = readFileSync(join(root, 'deploy/metallb.md'), 'utf8').split('FRR and their metrics');
  const named = [...absent.matchAll(/`(metallb_\w+)(…?)`/g)].map(([, name = '', more]) => ({
    name,
    more: more !== '',
  }));
  assert.ok(named.length > 0);
  for (const { name } of metricNames) {
    const told = named.some((one) => (one.more ? name.startsWith(one.name) : name === one.name));
    assert.equal(offered.has(name), !told, name);
  }
});
