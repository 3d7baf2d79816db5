/**
 * `npm run build`: JavaScript for Node without type stripping in `dist/`, ready for `npm pack ./dist`: the modules as they stand in the
 * checkout (so that paths beside them hold), the example services of the demo, and a package.json without what only development needs.
 */
import { chmod, cp, readFile, rm, writeFile } from 'node:fs/promises';
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

await rm(dist, { recursive: true, force: true });
const bundle = await rolldown({
  cwd: root.pathname,
  input: { 'src/cli/main': 'src/cli/main.ts', 'src/index': 'src/index.ts' },
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
