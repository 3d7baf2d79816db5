import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errors, isErrorCode } from '../../src/model/errors.ts';
import { filesIn, textOf } from './tree.ts';

const code = [...filesIn('src', '.ts'), ...filesIn('providers', '.ts')];

/** `E_FILE` or `E_FILE_` for all codes that begin so. */
function isGroup(name: string): boolean {
  const start = name.endsWith('_') ? name : `${name}_`;
  return Object.keys(errors).some((code) => code.startsWith(start));
}

describe('error codes', () => {
  it('that are used stand in the table', () => {
    const unknown = code.flatMap((file) =>
      [...textOf(file).matchAll(/['"`]([EW]_[A-Z][A-Z_]+)['"`]/g)]
        .map(([, name = '']) => name)
        .filter((name) => !isErrorCode(name) && !isGroup(name))
        .map((name) => `${file}: ${name}`),
    );
    assert.deepEqual(unknown, []);
  });

  it('of the table are used', () => {
    const used = code
      .filter((file) => !/^src\/model\/(kube-)?errors\.ts$/.test(file))
      .map(textOf)
      .join('\n');
    assert.deepEqual(
      Object.keys(errors).filter((name) => !new RegExp(`\\b${name}\\b`).test(used)),
      [],
    );
  });

  it('have a title that starts small and a hint that is a sentence', () => {
    for (const [name, { title, hint }] of Object.entries(errors)) {
      assert.doesNotMatch(title, /[.!]$/, name);
      assert.match(hint, /[.!)]$/, name);
    }
  });
});

describe('sources', () => {
  it('do not cast, except in codecs', () => {
    const casts = code.flatMap((file) => {
      // Comments and texts in one pass, whichever begins first: `//` stands in texts, quotes stand in comments.
      const text = textOf(file).replace(
        /\/\*[\s\S]*?\*\/|\/\/.*$|`(?:\\.|[^`\\])*`|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/gm,
        (found) => (found.startsWith('/') ? '' : "''"),
      );
      const found = text.match(/[\w)\]}'] as (?!const\b)[\w{([]|\bas unknown as\b|<any>|: any\b/g) ?? [];
      const imports =
        text
          .match(/(?:import|export)[^;]*\bas\b[^;]*;/g)
          ?.join('')
          .match(/ as \w/g)?.length ?? 0;
      return found.length > imports && !codecs.has(file) ? [`${file}: ${found.join(' ')}`] : [];
    });
    assert.deepEqual(casts, []);
  });

  it('name no place of a machine', () => {
    // Put together here, so that this file does not name them either.
    const places = ['/wo' + 'rk/', '/ro' + 'ot/', '/home/' + '[a-z]'].map((text) => new RegExp(`(?<![\\w.-])${text}`));
    const files = ['src', 'providers', 'test', 'deploy', 'localstack'].flatMap((folder) => filesIn(folder));
    const found = files.filter((file) => places.some((place) => place.test(textOf(file))));
    assert.deepEqual(found, []);
  });

  it('leave nothing for later', () => {
    const words = new RegExp(['TO' + 'DO', 'FIX' + 'ME', 'not implement' + 'ed', 'X' + 'XX'].join('|'));
    assert.deepEqual(
      code.filter((file) => words.test(textOf(file))),
      [],
    );
  });
});

/** Files that turn one representation into another and may assert its shape; each knows why. */
const codecs = new Set([
  'providers/awselb/apply-codec.ts', // fields in the API's own words become inputs of the SDK; AWS checks the values
  'src/model/json.ts', // arrays and records of JSON, told apart by hand
  'src/sources/file/share.ts', // keeps the type of what it copies
  'src/sources/weir/present.ts', // drops undefined fields, which the type then says
]);
