/** The build of the images without a container engine: its steps in an empty folder, with just what they copy. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { readDockerfile } from '../deploy/dockerfile.ts';
import { ownAddress } from '../fakes/own-address.ts';
import { eventually } from '../kube/index.ts';
import { ImageRoot } from './kube-deploy-root.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
const { stages } = readDockerfile(readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8'));
const stage = (name: string) => stages.find((one) => one.name === name) ?? assert.fail(`there is no stage ${name}`);

/** What `npm ci` makes of the same lock file: the very files, but for the one that npm writes to. */
const install = `cp -al "$0" . 2>/dev/null || cp -a "$0/." node_modules
cp --remove-destination "$0/.package-lock.json" node_modules`;

describe('the images', () => {
  let place = '';
  /** What the image has of weir. */
  let folder = '';
  let image: ImageRoot;

  before(async () => {
    place = await mkdtemp(join(tmpdir(), 'weir-image-'));
    const build = join(place, 'build');
    await mkdir(build);
    const env = {
      ...process.env,
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      npm_config_offline: 'true',
    };
    const shell = (script: string) => run('sh', ['-ec', script, join(root, 'node_modules')], { cwd: build, env });
    for (const { word, rest } of stage('build').steps) {
      if (word === 'RUN') await shell(rest.startsWith('npm ci ') ? install : rest);
      if (word !== 'COPY') continue;
      const [target = '', ...sources] = rest.split(/\s+/).toReversed();
      for (const source of sources) {
        const into = target.endsWith('/') ? join(target, source) : target;
        await cp(join(root, source), join(build, into), { recursive: true });
      }
    }
    image = await ImageRoot.make(join(place, 'image'), stage('weir'), build);
    folder = join(place, 'image', 'opt', 'weir');
  });

  after(() => rm(place, { recursive: true, force: true }));

  it('hold a weir that is built from what is copied, without the packages of development', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    assert.equal((await image.output(['weir', '--version'])).trim(), version);
    const examples = ['-f', '/opt/weir/dist/deploy/examples/services/shop.yaml', '--provider', 'haproxy'];
    assert.match(await image.output(['weir', 'validate', ...examples]), /./);
    assert.match(await image.output(['weir', 'render', ...examples]), /^frontend /m);
    const { packages: locked } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8'));
    const unneeded = Object.entries<{ dev?: true; optional?: true; devOptional?: true }>(locked).filter(
      ([path, { dev, optional, devOptional }]) => path !== '' && (dev ?? optional ?? devOptional) === true,
    );
    assert.ok(unneeded.length > 20);
    assert.deepEqual(
      unneeded.map(([path]) => path).filter((path) => existsSync(join(folder, path))),
      [],
    );
  });

  it('run weir as nobody in particular, on files that cannot be written, until it is told to stop', async (t) => {
    const metrics = `${ownAddress()}:8378`;
    const service = 'name: shop/web\nports: [{ port: 9000, protocol: tcp }]\ntargets: [127.0.0.1:1]\n';
    const config = {
      sources: [{ type: 'file', paths: ['/etc/weir/web.yaml'] }],
      balancers: [{ provider: 'builtin', options: { addresses: [ownAddress()] } }],
      metrics: { listen: metrics },
      api: { listen: `${ownAddress()}:8377` },
    };
    const child = image.start(image.command, {
      files: { '/etc/weir/weir.yaml': JSON.stringify(config), '/etc/weir/web.yaml': service },
      volumes: ['/var/lib/weir'],
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'close');
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (text += chunk));
    await eventually(
      () =>
        fetch(`http://${metrics}/readyz`).then(
          ({ status }) => status,
          () => `${child.exitCode}\n${text}`,
        ),
      (status) => status === 200,
    );
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    assert.match(status, /^Uid:\t65532\t65532\t65532\t65532$/m);
    assert.match(status, /^CapEff:\t0+$/m);
    const place = await readFile(`/proc/${child.pid}/mountinfo`, 'utf8');
    assert.match(place, / \/ ro,/, 'what is written anywhere else is refused');
    child.kill('SIGTERM');
    assert.deepEqual(await ended, [0, null], text);
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
