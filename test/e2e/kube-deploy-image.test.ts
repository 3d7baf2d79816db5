/** The build of the images without a container engine: its steps in an empty folder, with just what they copy. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readDockerfile } from '../deploy/dockerfile.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const { stages } = readDockerfile(readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8'));
const copies = stages
  .filter(({ name }) => name === 'build')
  .flatMap(({ steps }) => steps.filter(({ word }) => word === 'COPY'))
  .map(({ rest }) => rest.split(/\s+/));

describe('the images', () => {
  let folder = '';
  const weir = (...args: readonly string[]) =>
    run(process.execPath, [join(folder, 'dist', 'src', 'cli', 'main.js'), ...args], { cwd: folder });

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-image-'));
    for (const words of copies) {
      const [target = '', ...sources] = words.toReversed();
      for (const source of sources) {
        const into = target.endsWith('/') ? join(target, source) : target;
        await cp(join(root, source), join(folder, into), { recursive: true });
      }
    }
    // What `npm ci` makes of the same lock file.
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    await run(process.execPath, [join('deploy', 'npm', 'build.mjs')], { cwd: folder });
  });

  after(() => rm(folder, { recursive: true, force: true }));

  it('hold a weir that is built from what is copied', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    assert.equal((await weir('--version')).stdout.trim(), version);
    const examples = ['-f', 'deploy/examples/services/shop.yaml', '--provider', 'haproxy'];
    assert.match((await weir('render', ...examples)).stdout, /^frontend /m);
  });

  it('hold what runs in threads of its own, which nothing imports', async () => {
    assert.ok(existsSync(join(folder, 'dist', 'providers', 'l2', 'worker.js')));
    for (const file of await readdir(join(folder, 'dist'), { recursive: true })) {
      if (!file.endsWith('.js')) continue;
      const text = await readFile(join(folder, 'dist', file), 'utf8');
      for (const [, name = ''] of text.matchAll(/new Worker\(new URL\(`\.\/([^$`]+)/g)) {
        const built = join(dirname(file), `${name}.js`);
        assert.ok(existsSync(join(folder, 'dist', built)), `${file} starts ${built}, which is not there`);
      }
    }
  });

  it('keep every package that it imports when those of development go', async () => {
    const { dependencies } = JSON.parse(await readFile(join(folder, 'dist', 'package.json'), 'utf8'));
    const files = (await readdir(join(folder, 'dist'), { recursive: true })).filter((file) => file.endsWith('.js'));
    const imported = new Set<string>();
    for (const file of files) {
      const text = await readFile(join(folder, 'dist', file), 'utf8');
      for (const [, name = ''] of text.matchAll(
        /(?:^import .*?from |^import |^export .*?from |\bimport\()["']([@a-z][^"'\s]*)["']/gm,
      ))
        imported.add(name);
    }
    const packages = [...imported]
      .filter((name) => !isBuiltin(name))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      );
    assert.ok(packages.includes('zod') && packages.includes('hono'));
    assert.deepEqual(
      packages.filter((name) => !(name in dependencies)),
      [],
    );
  });

  it('are installed by a script that a shell can read', async () => {
    await run('sh', ['-n', join(root, 'deploy', 'images', 'install.sh')]);
  });
});
