/**
 * `npm run build`: JavaScript for Node without type stripping in `dist/`, ready for `npm pack ./dist`: the modules as they stand in the
 * checkout (so that paths beside them hold), the example services of the demo, and a package.json without what only development needs.
 */
import { chmod, cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { rolldown } from 'rolldown';

const root = new URL('../../', import.meta.url);
const dist = new URL('dist/', root);
const {
  devDependencies,
  optionalDependencies,
  scripts,
  private: unpublished,
  ...published
} = JSON.parse(await readFile(new URL('package.json', root), 'utf8'));
const external = Object.keys(published.dependencies);
const entries = ['src/cli/main', 'src/index', ...(await findThreads())];

await rm(dist, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root.pathname,
  input: Object.fromEntries(entries.map((entry) => [entry, `${entry}.ts`])),
  platform: 'node',
  external: (id) => id.startsWith('node:') || external.some((name) => id === name || id.startsWith(`${name}/`)),
});
await bundle.write({ dir: 'dist', format: 'esm', preserveModules: true, preserveModulesRoot: '.', sourcemap: true });
await bundle.close();

const main = new URL('src/cli/main.js', dist);
await writeFile(main, `#!/usr/bin/env node\n${await readFile(main, 'utf8')}`);
await chmod(main, 0o755);
for (const file of ['README.md', 'LICENSE', 'deploy/examples', 'deploy/systemd']) {
  await cp(new URL(file, root), new URL(file, dist), { recursive: true });
}
const manifest = { ...published, bin: { weir: 'src/cli/main.js' }, exports: { '.': './src/index.js' } };
await writeFile(new URL('package.json', dist), `${JSON.stringify(manifest, undefined, 2)}\n`);
process.stdout.write('dist/ is built; `npm pack ./dist` makes the package\n');

/** Modules that run in a thread of their own: nothing imports those. They are named as `new URL('./name…', import.meta.url)`. */
async function findThreads() {
  const threads = [];
  for (const tree of ['src', 'providers'])
    for (const file of await readdir(new URL(tree, root), { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const text = await readFile(new URL(`${tree}/${file}`, root), 'utf8');
      for (const [, name] of text.matchAll(/new Worker\((?:\s*new URL\([`'"]\.\/([\w/-]+))?/g)) {
        if (name === undefined) throw new Error(`${tree}/${file}: which module does new Worker( start?`);
        threads.push(posix.join(tree, posix.dirname(file), name));
      }
    }
  return threads;
}
