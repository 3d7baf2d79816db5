import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filesIn, importsOf, textOf } from './tree.ts';

/** Folder of src → what of our own it may import besides itself. `app.ts`, `app/` and `cli/` see everything and are not listed. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  model: [],
  net: ['model'],
  plan: ['model', 'net'],
  front: ['model', 'net'],
  alloc: ['model', 'net'],
  compat: ['model', 'net'],
  sources: ['model', 'net', 'compat', 'kube', 'config'],
  kube: ['model', 'net'],
  config: ['model', 'net'],
  run: ['model', 'net', 'plan'],
  status: ['model', 'net', 'kube'],
  // The contract of the whole, as types: see the test below.
  serve: ['model', 'net', 'config', 'run', 'app.ts'],
};
const pure = ['plan', 'front', 'alloc', 'net', 'compat', 'model'];
const seesAll = /^src\/(app\.ts|app\/|cli\/|index\.ts)/;

const sources = [...filesIn('src', '.ts'), ...filesIn('providers', '.ts')];

/** `src/plan/x.ts` → `plan`, `providers/haproxy/x.ts` → `providers/haproxy`. */
function areaOf(path: string): string {
  const [top = '', folder = ''] = path.split('/');
  return top === 'src' ? folder : `${top}/${folder}`;
}

describe('imports', () => {
  it('point only where the design lets them', () => {
    const wrong = sources
      .filter((file) => !seesAll.test(file) && file !== 'providers/registry.ts')
      .flatMap((file) => {
        const area = areaOf(file);
        const may = file.startsWith('providers/') ? ['model', 'net'] : allowed[area];
        assert.ok(may !== undefined, `src/${area} is not in the list of folders: add what it may import`);
        const ours = importsOf(file).filter((target) => /^(src|providers|test)\//.test(target));
        return ours
          .filter((target) => ![area, ...may].includes(areaOf(target)))
          .map((target) => `${file} imports ${target}`);
      });
    assert.deepEqual(wrong, []);
  });

  it('name a file with its suffix, so that Node runs the sources', () => {
    const wrong = sources.flatMap((file) =>
      importsOf(file)
        .filter((target) => /^(src|providers)\//.test(target) && !/\.(ts|mjs|json)$/.test(target))
        .map((target) => `${file}: ${target}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('keep the pure folders pure: no node:, no clock, no log, no random', () => {
    const impure =
      /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|randomBytes|randomUUID|setTimeout|setInterval|console\.|process\.)/;
    const wrong = sources
      .filter((file) => pure.includes(areaOf(file)) && file.startsWith('src/'))
      .flatMap((file) => {
        const node = importsOf(file).filter(
          (target) => target.startsWith('node:') && !(areaOf(file) === 'net' && target === 'node:net'),
        );
        const code = textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        const call = impure.exec(code);
        return [
          ...node.map((target) => `${file} imports ${target}`),
          ...(call === null ? [] : [`${file} uses ${call[0]}`]),
        ];
      });
    assert.deepEqual(wrong, []);
  });

  it('of app.ts elsewhere than in the commands are types: only app.ts puts the parts together', () => {
    const wrong = sources.filter(
      (file) => !seesAll.test(file) && /^import (?!type\b)[^;]*\/app\.ts'/m.test(textOf(file)),
    );
    assert.deepEqual(wrong, []);
  });

  it('load a provider only when it is used', () => {
    const registry = importsOf('providers/registry.ts');
    const text = textOf('providers/registry.ts');
    for (const target of registry.filter((path) => path.startsWith('providers/'))) {
      const name = target.split('/')[1];
      assert.match(text, new RegExp(`import\\(\\s*'\\./${name}/`), `${target} must be imported lazily`);
    }
  });
});
