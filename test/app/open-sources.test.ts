import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceContext } from '../../src/app/contract.ts';
import { openSources } from '../../src/app/open-sources.ts';
import { configSchema } from '../../src/config/index.ts';
import type { Source } from '../../src/model/index.ts';
import { noMetrics, systemClock } from '../../src/run/index.ts';

const context: SourceContext = {
  stateDir: '/nowhere',
  instance: 'test',
  memory: () => 'none',
  controllers: [],
  ownClasses: [],
  clock: systemClock,
  log: { debug() {}, info() {}, warn() {}, error() {} },
  metrics: noMetrics,
};

const named = (name: string): Source => ({
  name,
  read: async () => ({ services: [], nodes: [], problems: [], incomplete: [] }),
  watch: async () => undefined,
  secret: async () => undefined,
});

test('clusters that are merged are one source, at the place of the first; the others stay as they are', async () => {
  const { sources } = configSchema.parse({
    sources: [
      { type: 'file', name: 'files', paths: ['a'] },
      { type: 'kubernetes', name: 'east', cluster: 'east', merge: true },
      { type: 'kubernetes', name: 'alone', cluster: 'alone' },
      { type: 'kubernetes', name: 'west', cluster: 'west', merge: true, weight: 2 },
    ],
  });
  const open = async ({ name }: (typeof sources)[number]) => named(name);
  const opened = await openSources(sources, context, open);
  assert.deepEqual(
    opened.map(({ name }) => name),
    ['files', 'east+west', 'alone'],
  );
  const single = await openSources(sources.slice(0, 2), context, open);
  assert.deepEqual(
    single.map(({ name }) => name),
    ['files', 'east'],
  );
});

test('sources are opened without contacting anybody', async () => {
  const { sources } = configSchema.parse({
    sources: [
      { type: 'file', paths: ['/not/there'] },
      { type: 'kubernetes', kubeconfig: '/not/there' },
    ],
  });
  const opened = await openSources(sources, context);
  assert.deepEqual(
    opened.map(({ name }) => name),
    ['files', 'kubernetes'],
  );
  await assert.rejects(opened[1]?.read(AbortSignal.timeout(5000)) ?? Promise.resolve(), {
    code: 'E_CONFIG',
    message: /source kubernetes: .*\/not\/there/,
  });
});
