/** A guarded path beside an open one of the same host: no spelling of it reaches the target through the open one. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { Filter, Route } from '../../src/model/index.ts';
import { listen } from '../fakes/listen.ts';
import { backend, exact, http, prefix, route, service, target } from '../front/make-service.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const server = createServer((request, response) => response.end(request.url));
const foreign: Filter = { type: 'sourceRanges', allow: ['10.0.0.0/8'] };
const regex = { type: 'regex', value: '^/v[0-9]+/users' } as const;

describe('beside guarded paths', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    const backends = { web: backend({ targets: [target('127.0.0.1', await listen(server))] }) };
    const at = (host: string, path: Route['path'], ...filters: readonly Filter[]) => route([host], path, { filters });
    const routes = [
      at('mixed.example', prefix('/')),
      at('mixed.example', prefix('/admin'), foreign),
      at('mixed.example', prefix('/admin/public')),
      at('mixed.example', exact('/only'), foreign),
      at('mixed.example', prefix('/upper'), foreign),
      at('mixed.example', prefix('/Upper')),
      at('mixed.example', { type: 'stringPrefix', value: '/int.' }, foreign),
      at('patterns.example', prefix('/')),
      at('patterns.example', regex, foreign),
      at('open.example', prefix('/')),
    ];
    proxy = await startProxy([service('a/web', [http(routes)], { backends })]);
  });
  after(async () => {
    await proxy?.stop();
    server.close();
  });
  const ask = async (host: string, path: string): Promise<string> => {
    const { head, body } = await exchange(proxy?.port ?? 0, [`GET ${path} HTTP/1.1`, `Host: ${host}.example`]);
    const [, status = ''] = head.split(' ');
    return status === '200' ? body : status;
  };

  const refused: readonly (readonly [host: string, paths: readonly string[]])[] = [
    [
      'mixed',
      ['/%61dmin', '//admin', '/admin%2fusers', '/admin%2Fusers', '/admin;x', '/\\admin', '/%5cadmin', '/%2fadmin'],
    ],
    ['mixed', ['/x/../admin', '/./admin', '/%2e%2E/admin', '/x/..;/admin', '/..', '/x\\..\\admin', '/a%zz']],
    ['mixed', ['/admin/public/../users', '/admin/public/%2e%2e/users', '/%6fnly', '//only', '/only;x', '/in%74.x']],
    ['patterns', ['/%76%31/users', '/v%31/users', '/v1%2fusers', '/./v1/users', '/V1/users']],
    // For targets that decode twice, and for those that do not tell upper case from lower.
    ['mixed', ['/%2561dmin', '/%252fadmin', '/x/%252e%252e/admin', '/x%252f..%252fadmin', '/adm%25%36%39n']],
    ['mixed', ['/Admin', '/ADMIN/x', '/%41dmin', '/%2541dmin', '/ONLY', '/INT.x', '/Admin/public/x']],
  ];
  for (const [host, paths] of refused) {
    for (const path of paths) test(`${host} ${path} → 400`, async () => assert.equal(await ask(host, path), '400'));
  }
  test('as they are written they are guarded', async () => {
    for (const path of ['/upper', '/admin', '/admin/', '/admin/%61', '/admin?x', '/only', '/int.x', '/admin//public/x'])
      assert.equal(await ask('mixed', path), '403', path);
    assert.equal(await ask('patterns', '/v12/users'), '403');
  });
  test('everything else reaches the target as it was written', async () => {
    const paths = [
      '/',
      '/administrator',
      '/a%2Fb',
      '/a//b',
      '/a;x',
      '/x/admin',
      '/admin/public/a',
      '/...',
      '/.x',
      '/a?/../admin',
      '/intx',
      '/only/',
      '/100%25',
      '/a%252Fb',
      '/Administrator',
      '/Upper/x',
    ];
    for (const path of [...paths, '/admin/public//a%2Fb']) assert.equal(await ask('mixed', path), path);
  });
  test('a host without guards passes every spelling', async () => {
    for (const path of ['/%61dmin', '//admin', '/x/../admin', '/a%zz', '/Admin', '/%2561dmin'])
      assert.equal(await ask('open', path), path);
  });
});
