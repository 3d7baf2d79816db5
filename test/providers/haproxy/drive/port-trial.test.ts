/** Whether HAProxy can listen somewhere, and who is in the way. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { tryPort } from '../../../../providers/haproxy/port-trial.ts';
import { listen } from '../../../fakes/listen.ts';
import { ownAddress } from '../../../fakes/own-address.ts';

const [own, other] = [ownAddress(), ownAddress(1)];
const program = `require('net').createServer().listen(+process.argv[2],process.argv[1],()=>console.log('listens'))`;

for (const address of [own, '::1'])
  test(`a port of ours at ${address} is ours, whoever has the same one elsewhere`, async (t) => {
    const server = createServer();
    t.after(() => server.close());
    const port = await listen(server, address);
    const foreign = spawn(process.execPath, ['-e', program, other, String(port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.after(() => foreign.kill());
    await once(foreign.stdout, 'data');
    const ours = new Set([process.pid]);
    assert.equal(await tryPort({ address, port, frontend: 'f' }, ours), undefined);
    const refusal = await tryPort({ address: other, port, frontend: 'f' }, ours);
    assert.equal(refusal?.code, 'E_PORT_TAKEN');
    assert.match(refusal.reason, new RegExp(`taken by node\\S* \\(process ${foreign.pid}\\)$`));
    assert.match((await tryPort({ address, port, frontend: 'f' }, new Set()))?.reason ?? '', /taken by/);
  });
