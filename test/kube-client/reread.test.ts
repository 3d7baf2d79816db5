import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { collect, startApi, temporary } from './cluster-to.ts';
import { headersOf, kubeconfig, open } from './credentials-stage.ts';

describe('a kubeconfig', () => {
  it('and what it names are read anew at once when somebody asks for it; what cannot be read is told each time', async (t) => {
    const api = await startApi(t);
    const directory = temporary(t);
    const [file, token] = [join(directory, 'config'), join(directory, 'token')];
    writeFileSync(file, kubeconfig(api.port, { tokenFile: 'token' }));
    writeFileSync(token, 'one');
    const { log, logged } = collect();
    const listeners = new Set<() => void>();
    const cluster = await open(t, {
      kubeconfig: file,
      log,
      onReread(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    });
    const reread = async () => {
      const told = logged.length;
      for (const listener of listeners) listener();
      for (let i = 0; logged.length === told && i < 1_000; i++) await sleep(5);
      return logged.at(-1)?.message;
    };
    assert.equal((await headersOf(api, cluster)).authorization, 'Bearer one');
    writeFileSync(token, 'two');
    assert.equal((await headersOf(api, cluster)).authorization, 'Bearer one');
    assert.equal(await reread(), 'credentials were read anew');
    assert.equal((await headersOf(api, cluster)).authorization, 'Bearer two');
    writeFileSync(file, kubeconfig(api.port, { token: 'three' }));
    assert.equal(await reread(), 'credentials were read anew');
    assert.equal((await headersOf(api, cluster)).authorization, 'Bearer three');
    writeFileSync(file, 'broken: [');
    for (let i = 0; i < 2; i++) assert.equal(await reread(), 'credentials cannot be read again, the last ones stay');
    assert.equal((await headersOf(api, cluster)).authorization, 'Bearer three');
    await cluster.close();
    assert.equal(listeners.size, 0);
  });
});
