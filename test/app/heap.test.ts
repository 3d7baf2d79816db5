import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fileSource } from '../../src/config/config.ts';
import { systemClock } from '../../src/run/index.ts';
import { openFileSource } from '../../src/sources/file/index.ts';
import { appStage, until } from './stage.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

function heapBytes(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

/** Lists of the last plans and targets that drain may fill; 450 changes that each left a service behind would be 7 MiB. */
const slackBytes = 3_145_728;

test('five hundred changes leave no more behind than fifty', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-heap-'));
  const services = join(folder, 'services');
  await mkdir(services);
  const write = async (i: number, address: string) => {
    const text = `name: shop/s${i}\nhttp: [{ host: s${i}.test }]\ntargets: ["${address}:80"]\n`;
    await writeFile(join(folder, 'next'), text);
    await rename(join(folder, 'next'), join(services, `s${i}.yaml`));
  };
  for (let i = 0; i < 50; i++) await write(i, '10.0.0.1');
  const source = openFileSource(fileSource.parse({ type: 'file', paths: [services] }), {
    stateDir: join(folder, 'state'),
  });
  const stage = await appStage({}, { openSource: async () => source, clock: systemClock });
  const end = new AbortController();
  const app = await stage.open();
  const inForce = (i: number) => Object.values(app.services().find(({ id }) => id === `shop/s${i}`)?.backends ?? {});
  const done = app.run(end.signal);
  try {
    await until(() => app.readiness().planned);
    let after50 = 0;
    for (let n = 1; n <= 500; n++) {
      const address = `10.1.${n >> 8}.${n & 255}`;
      await write(n % 50, address);
      await until(() => inForce(n % 50).some(({ targets }) => targets[0]?.address === address));
      if (n === 50) after50 = heapBytes();
    }
    const grown = heapBytes() - after50;
    assert.ok(grown < slackBytes, `${Math.round(grown / 1024)} KiB more after 500 changes than after 50`);
  } finally {
    end.abort();
    await done;
    await stage.close();
    await rm(folder, { recursive: true, force: true });
  }
});
