import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { providers } from '../../providers/registry.ts';
import { filesIn, root, textOf } from './tree.ts';

const ours = [...filesIn('src'), ...filesIn('providers'), ...filesIn('test')].filter((file) =>
  /\.(ts|mjs|js)$/.test(file),
);
const lines = (file: string) => textOf(file).split('\n').length - 1;

describe('files', () => {
  it('have at most 400 lines', () => {
    assert.deepEqual(
      ours.filter((file) => lines(file) > 400).map((file) => `${file}: ${lines(file)}`),
      [],
    );
  });

  it('have a median of at most 110 lines, and few are above 250', () => {
    const sizes = ours
      .filter((file) => !file.startsWith('test/'))
      .map(lines)
      .sort((a, b) => a - b);
    const median = sizes[Math.floor(sizes.length / 2)] ?? 0;
    assert.ok(median <= 110, `the median is ${median}`);
    const long = sizes.filter((size) => size > 250).length;
    assert.ok(long <= sizes.length * 0.05, `${long} of ${sizes.length} files have more than 250 lines`);
  });

  it('have names in kebab-case, none of them utils, helpers or manager', () => {
    const odd = ours.filter(
      (file) => !file.split('/').every((part) => /^[a-z0-9]+(-[a-z0-9]+)*(\.test)?(\.(ts|mjs|js))?$/.test(part)),
    );
    assert.deepEqual(odd, []);
    assert.deepEqual(
      ours.filter((file) => /(^|[/-])(utils?|helpers?|managers?)([./-]|$)/.test(file)),
      [],
    );
  });

  it('of a source folder say what lives there', () => {
    const folders = new Set(
      ours.filter((file) => /^(src|providers)\/[^/]+\//.test(file)).map((file) => file.slice(0, file.lastIndexOf('/'))),
    );
    const silent = [...folders].filter((folder) => {
      const files = ours.filter((file) => file.slice(0, file.lastIndexOf('/')) === folder);
      const first = files.find((file) => /\/(index|main|contract)\.ts$/.test(file)) ?? files[0];
      return first === undefined || !/^(#!.*\n)?\/\*\*/.test(textOf(first));
    });
    assert.deepEqual(silent, []);
  });

  it('lie in the folders of the design', () => {
    const folders = (at: string) =>
      readdirSync(join(root, at), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name);
    const unknown = (found: readonly string[], known: readonly string[]) =>
      found.filter((name) => !known.includes(name));
    const ignored = ['node_modules', '.git', 'dist', '.weir'];
    assert.deepEqual(
      unknown(folders('.'), ['src', 'providers', 'test', 'deploy', 'localstack', 'docs', '.ci', ...ignored]),
      [],
    );
    const src = [
      'model',
      'plan',
      'front',
      'alloc',
      'net',
      'run',
      'kube',
      'sources',
      'compat',
      'config',
      'status',
      'serve',
      'cli',
      'setup',
      'app',
    ];
    assert.deepEqual(unknown(folders('src'), src), []);
    assert.deepEqual(
      unknown(folders('providers'), [
        'haproxy',
        'nginx',
        'awselb',
        'qcloudclb',
        'ipvs',
        'l2',
        'bgp',
        'builtin',
        'memory',
      ]),
      [],
    );
  });

  it('of a provider have the same names everywhere', () => {
    // A folder without an index is a part of a provider that is to come.
    const folders = readdirSync(join(root, 'providers')).filter((entry) => !entry.includes('.'));
    const begun = folders.filter((name) => existsSync(join(root, 'providers', name, 'index.ts')));
    assert.deepEqual(begun.sort(), Object.keys(providers).sort(), 'each is in the registry');
    for (const name of begun) {
      for (const file of ['index.ts', 'options.ts', 'kinds.ts', 'model.ts', 'observe.ts', 'names.ts']) {
        assert.ok(existsSync(join(root, 'providers', name, file)), `providers/${name}/${file} is missing`);
      }
    }
  });
});
