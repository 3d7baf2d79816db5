import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as api from '../../src/index.ts';
import { importsOf, textOf } from './tree.ts';

describe('the public API', () => {
  it('is what test/house/api.txt says: changing that list is changing the contract with provider authors', () => {
    const files = importsOf('src/index.ts').flatMap((index) => importsOf(index));
    const types = files.flatMap((file) =>
      [...textOf(file).matchAll(/^export (?:declare )?(?:interface|type) (\w+)/gm)].map(([, name]) => `type ${name}`),
    );
    const values = Object.keys(api).map((name) => `value ${name}`);
    const now = [...new Set([...values, ...types])].sort();
    assert.deepEqual(now, textOf('test/house/api.txt').trim().split('\n'));
  });
});
