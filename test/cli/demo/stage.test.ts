import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { askHttp, askTcp } from '../../../src/cli/demo/ask.ts';
import { startBackEnd } from '../../../src/cli/demo/back-end.ts';
import { findPorts, isTaken } from '../../../src/cli/demo/ports.ts';
import { buildStage } from '../../../src/cli/demo/stage.ts';
import { startTraffic } from '../../../src/cli/demo/traffic.ts';
import { listen } from '../../fakes/listen.ts';

describe('demo', () => {
  it('kills back ends one by one and starts them on their ports again', async (t) => {
    const [one, two] = [await startBackEnd('one'), await startBackEnd('two')];
    t.after(() => Promise.all([one.kill(), two.kill()]));
    assert.equal((await askHttp(one.httpPort, 'x.test', '/a')).body, 'one x.test/a\n');
    assert.equal(await askTcp(two.tcpPort, 'hi'), 'two hi');
    await one.kill();
    await assert.rejects(askHttp(one.httpPort, 'x.test', '/'), { code: 'ECONNREFUSED' });
    assert.equal((await askHttp(two.httpPort, 'x.test', '/')).target, 'two');
    await one.start();
    assert.equal((await askHttp(one.httpPort, 'x.test', '/')).target, 'one');
  });

  it('counts what fails', async (t) => {
    let status = 200;
    const server = createServer((_request, response) => response.writeHead(status, { 'x-target': 'a' }).end());
    t.after(() => server.close());
    const traffic = startTraffic(await listen(server), 'x.test', '/', 500);
    while (traffic.sent < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(traffic.failed, 0);
    status = 503;
    while (traffic.failed < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await traffic.stop();
    assert.ok([...traffic.errors.keys()].every((reason) => reason === 'status 503'));
  });

  it('takes other ports where the usual ones are taken', async (t) => {
    const server = createServer();
    t.after(() => server.close());
    const taken = await listen(server);
    const [instead = 0] = await findPorts([taken]);
    assert.notEqual(instead, taken);
    assert.equal(await isTaken(taken), true);
    assert.equal(await isTaken(instead), false);
  });

  it('copies the examples with the ports of today and leaves nothing behind', async () => {
    const stage = await buildStage('builtin');
    const text = await readFile(join(stage.services, 'web.yaml'), 'utf8');
    assert.match(text, new RegExp(`port: ${stage.ports.http}\\b`));
    assert.match(text, new RegExp(`- 127.0.0.1:${stage.backEnds[0]?.httpPort}\\b`));
    await stage.edit('web.yaml', (before) => `${before}# seen\n`);
    assert.match(await readFile(join(stage.services, 'web.yaml'), 'utf8'), /# seen\n$/);
    await stage.clear();
    assert.equal(existsSync(stage.folder), false);
    for (const { httpPort } of stage.backEnds) assert.equal(await isTaken(httpPort), false);
  });
});
