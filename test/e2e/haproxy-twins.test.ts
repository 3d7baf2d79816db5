/** CGI and WSGI take `X_Real_IP` for `X-Real-IP`: what weir says of a client is said by nobody else, in no spelling of its name. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { listen } from '../fakes/listen.ts';
import { backend, http, route, service, target } from '../front/make-service.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

const trusted = ['X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'X-Forwarded-Port', 'X-Real-IP'];
const ours = [...trusted, 'X-SSL-Client-Verify', 'X-SSL-Client-CN', 'X-SSL-Client-Subject-DN'];
/** Every name with at least one `_` that CGI makes the same variable of. */
const twins = ours.flatMap((name) => {
  const [first = '', ...rest] = name.split('-');
  return rest
    .reduce((made, part) => made.flatMap((start) => [`${start}-${part}`, `${start}_${part}`]), [first])
    .filter((twin) => twin !== name);
});
const kept = ['X_Other', 'api_key', 'X-Forwarded-Prefix', 'X-Realm_IP', 'SSL_Client'];

for (const [what, options] of [
  ['nobody is trusted', {}],
  ['the proxy in front is trusted', { trustedProxies: ['127.0.0.0/8'] }],
] as const) {
  describe(`twins of names, ${what}`, () => {
    const server = createServer((asked, response) => response.end(Object.keys(asked.headers).join('\n')));
    let proxy: RunningProxy | undefined;
    before(async () => {
      const backends = { web: backend({ targets: [target('127.0.0.1', await listen(server))] }) };
      proxy = await startProxy([service('a/a', [http([route(['x.example'])])], { backends })], options);
    });
    after(async () => {
      await proxy?.stop();
      server.closeAllConnections();
      server.close();
    });
    const names = async (more: readonly string[]) =>
      (
        await exchange(proxy?.port ?? 0, [
          'GET / HTTP/1.0',
          'Host: x.example',
          ...more.map((name) => `${name}: 6.6.6.6`),
        ])
      ).body.split('\n');

    test('they do not reach the target, others do', async () => {
      const seen = await names([...twins, ...kept]);
      const variables = seen.map((name) => name.replaceAll('-', '_'));
      for (const name of ours) {
        const variable = name.toLowerCase().replaceAll('-', '_');
        // Those that we tell the target, once and by their right name.
        const times = trusted.includes(name) ? 1 : 0;
        assert.equal(variables.filter((one) => one === variable).length, times, name);
        assert.equal(seen.includes(name.toLowerCase()), times === 1, name);
      }
      for (const name of kept) assert.ok(seen.includes(name.toLowerCase()), name);
    });
  });
}
