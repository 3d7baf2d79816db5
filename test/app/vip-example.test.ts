/** deploy/examples/vip is valid on each of its machines, and all of them plan the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { weir } from '../fakes/weir-process.ts';

const config = fileURLToPath(new URL('../../deploy/examples/vip/weir.yaml', import.meta.url));

test('the example of announced addresses is valid, and every machine wants the same of the others', async () => {
  const seen = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => {
      const { code, out, err } = await weir(['render', '-c', config, '--instance', name, '-o', 'json']);
      assert.equal(code, 0, err);
      const { balancers, problems } = JSON.parse(out);
      assert.deepEqual(problems, []);
      const [vip] = balancers;
      return vip.resources.map(({ kind, id, attrs }: { kind: string; id: string; attrs: Record<string, unknown> }) =>
        kind === 'Speaker'
          ? `Speaker ${Object.keys(attrs.peers ?? {}).join()}`
          : `${kind} ${id} ${JSON.stringify(attrs)}`,
      );
    }),
  );
  assert.deepEqual(
    seen.map(([speaker]) => speaker),
    ['Speaker two,three', 'Speaker one,three', 'Speaker one,two'],
  );
  const [one = [], two, three] = seen.map(([, ...rest]) => rest);
  assert.deepEqual(two, one);
  assert.deepEqual(three, one);
  assert.equal(one.filter((text: string) => text.startsWith('Announcement 192.0.2.10')).length, 2);
});

test('so are the files for two machines and a witness: both that serve plan the same, the witness only votes', async () => {
  const seen = await Promise.all(
    ['one', 'two', 'witness'].map(async (name) => {
      const file = fileURLToPath(new URL(`../../deploy/examples/vip/two-and-witness/${name}.yaml`, import.meta.url));
      const { code, out, err } = await weir(['render', '-c', file, '-o', 'json']);
      assert.equal(code, 0, err);
      const { balancers, problems } = JSON.parse(out);
      assert.deepEqual(problems, []);
      const objects: { kind: string; id: string; attrs: Record<string, unknown> }[] = balancers[0].resources;
      const speaker = objects.find(({ kind }) => kind === 'Speaker');
      const rest = objects.flatMap(({ kind, id, attrs }) => (kind === 'Speaker' ? [] : [{ kind, id, attrs }]));
      return { speaker, rest };
    }),
  );
  assert.deepEqual(
    seen.map(({ speaker }) => [speaker?.id, speaker?.attrs.witness, speaker?.attrs.voters]),
    ['one', 'two', 'witness'].map((name) => [name, name === 'witness' ? true : undefined, ['witness', 'one', 'two']]),
  );
  assert.deepEqual(seen[0]?.rest, seen[1]?.rest);
});
