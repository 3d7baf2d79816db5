/** What happens to requests and answers on their way through a real HAProxy: redirects, filters, ranges, shares. */
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { Action, ExportedService, Filter } from '../../src/model/index.ts';
import { listen } from '../fakes/listen.ts';
import { backend, http, prefix, route, service, target } from '../front/make-service.ts';
import { type Answer, exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

/** Answers what it was asked: request line and headers as JSON. */
function echo(): Server {
  return createServer((request, response) => {
    response.setHeader('X-Kept', 'kept');
    response.setHeader('X-Gone', 'gone');
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
}

const redirect = (more: Omit<Extract<Action, { readonly type: 'redirect' }>, 'type'>): Action => ({
  type: 'redirect',
  ...more,
});
const forward = (...to: readonly (readonly [string, number])[]): Action => ({
  type: 'forward',
  to: to.map(([name, weight]) => ({ backend: name, weight })),
});
const rewrites: readonly (readonly [string, Filter])[] = [
  ['strip', { type: 'rewritePrefix', from: '/api', to: '/' }],
  ['swap', { type: 'rewritePrefix', from: '/api', to: '/v2' }],
  ['regex', { type: 'rewriteRegex', pattern: '^/api/([a-z]+)(.*)$', to: '/$1/100%/\\$2' }],
];

function services(port: number): readonly ExportedService[] {
  const at = (host: string, action: Action, filters: readonly Filter[] = []) =>
    route([`${host}.example`], prefix('/'), { action, filters });
  const routes = [
    at('to-https', redirect({ code: 308, scheme: 'https' })),
    at('to-port', redirect({ code: 302, scheme: 'https', port: 8443 })),
    at('to-host', redirect({ code: 301, host: 'new.example', path: '/new%20path' })),
    at('to-path', redirect({ code: 303, path: '/fixed?a=b' })),
    at('fixed', { type: 'fixed', status: 418, contentType: 'text/html', body: '<p>"\'$HOME\n%[src]ä</p>' }),
    at('none', forward(['missing', 1])),
    at('all-zero', forward(['web', 0])),
    at('plain', forward(['web', 1])),
    at('shared', forward(['one', 1], ['two', 3], ['none', 0])),
    at('headers', forward(['web', 1]), [
      { type: 'requestHeader', op: 'set', name: 'X-Set', value: 'it\'s 100% %[src] $HOME \\ "q"' },
      { type: 'requestHeader', op: 'add', name: 'X-Add', value: 'b' },
      { type: 'requestHeader', op: 'remove', name: 'X-Remove' },
      { type: 'requestHeader', op: 'set', name: 'X-Empty', value: '' },
      { type: 'responseHeader', op: 'remove', name: 'X-Gone' },
      { type: 'responseHeader', op: 'set', name: 'X-New', value: 'new' },
      { type: 'host', value: 'inner.example' },
    ]),
    ...rewrites.map(([name, filter]) => at(`rewrite-${name}`, forward(['web', 1]), [filter])),
  ];
  const web = backend({ targets: [target('127.0.0.1', port)] });
  const closed = (name: string, range: string) =>
    service(`a/${name}`, [http([route([`${name}.example`])], { sourceRanges: [range] })], {
      backends: { web },
      createdMs: 2,
    });
  return [
    service('a/main', [http(routes)], {
      backends: { web, one: web, two: { ...web, targets: [target('127.0.0.1', port)] } },
    }),
    closed('near', '127.0.0.0/8'),
    closed('far', '10.0.0.0/8'),
  ];
}

describe('on the way through HAProxy', () => {
  let proxy: RunningProxy | undefined;
  const server = echo();
  before(async () => {
    proxy = await startProxy(services(await listen(server)));
  });
  after(async () => {
    await proxy?.stop();
    server.close();
  });

  async function ask(host: string, target: string, ...headers: readonly string[]): Promise<Answer> {
    assert.ok(proxy !== undefined);
    return exchange(proxy.port, [`GET ${target} HTTP/1.1`, `Host: ${host}.example`, ...headers]);
  }
  const status = ({ head }: Answer): string => head.split(' ')[1] ?? 'none';
  const header = ({ head }: Answer, name: string): string | undefined =>
    new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim();
  const asked = ({ body }: Answer): { readonly url: string; readonly headers: Record<string, string> } =>
    JSON.parse(body);

  for (const [host, target, code, location] of [
    ['to-https', '/a/b?c=d', '308', 'https://to-https.example/a/b?c=d'],
    ['to-port', '/', '302', 'https://to-port.example:8443/'],
    ['to-host', '/old', '301', 'http://new.example/new%20path'],
    ['to-host', '/old?q=%20', '301', 'http://new.example/new%20path?q=%20'],
    ['to-path', '/old', '303', '/fixed?a=b'],
    ['to-path', '/old?c=d', '303', '/fixed?a=b&c=d'],
  ] as const) {
    test(`redirect ${host} ${target}`, async () => {
      const answer = await ask(host, target);
      assert.equal(status(answer), code);
      assert.equal(header(answer, 'location'), location);
    });
  }

  test('a fixed answer is what was written, byte by byte', async () => {
    const answer = await ask('fixed', '/');
    assert.equal(status(answer), '418');
    assert.equal(header(answer, 'content-type'), 'text/html');
    assert.equal(answer.body, '<p>"\'$HOME\n%[src]ä</p>');
  });

  test('no backend, or none with weight: 503, never another service', async () => {
    assert.equal(status(await ask('none', '/')), '503');
    assert.equal(status(await ask('all-zero', '/')), '503');
  });

  test('what a client says of itself is replaced', async () => {
    const { headers } = asked(
      await ask(
        'plain',
        '/',
        'X-Forwarded-For: 6.6.6.6',
        'X-Forwarded-Proto: https',
        'X-Forwarded-Host: evil',
        'X-Forwarded-Port: 1',
      ),
    );
    assert.equal(headers['x-forwarded-for'], '127.0.0.1');
    assert.equal(headers['x-forwarded-proto'], 'http');
    assert.equal(headers['x-forwarded-host'], 'plain.example');
    assert.equal(headers['x-forwarded-port'], String(proxy?.port));
  });

  test('header filters, with every sign that means something to HAProxy', async () => {
    const answer = await ask('headers', '/', 'X-Set: client', 'X-Add: a', 'X-Remove: r');
    const { headers } = asked(answer);
    assert.equal(headers['x-set'], 'it\'s 100% %[src] $HOME \\ "q"');
    assert.equal(headers['x-add'], 'a, b');
    assert.equal(headers['x-remove'], undefined);
    assert.equal(headers['x-empty'], '');
    assert.equal(headers.host, 'inner.example');
    assert.equal(header(answer, 'x-gone'), undefined);
    assert.equal(header(answer, 'x-kept'), 'kept');
    assert.equal(header(answer, 'x-new'), 'new');
    assert.equal(header(await ask('plain', '/'), 'x-gone'), 'gone');
  });

  for (const [host, target, url] of [
    ['rewrite-strip', '/api', '/'],
    ['rewrite-strip', '/api/', '/'],
    ['rewrite-strip', '/api/x/y?q=/api', '/x/y?q=/api'],
    ['rewrite-swap', '/api', '/v2'],
    ['rewrite-swap', '/api/', '/v2/'],
    ['rewrite-swap', '/api/x', '/v2/x'],
    ['rewrite-swap', '/other', '/other'],
    ['rewrite-regex', '/api/ab/c?d', '/ab/100%/\\/c?d'],
    ['rewrite-regex', '/x', '/x'],
  ] as const) {
    test(`${host} ${target} → ${url}`, async () => {
      assert.equal(asked(await ask(host, target)).url, url);
    });
  }

  test('source ranges: in, or 403', async () => {
    assert.equal(status(await ask('near', '/')), '200');
    assert.equal(status(await ask('far', '/')), '403');
  });
});

test('the HTTPS port of this balancer is used for its own hosts alone', async () => {
  const at = (host: string, to: object) =>
    route([host], prefix('/'), { action: redirect({ code: 302, scheme: 'https', ...to }) });
  const routes = [at('own.example', {}), at('other.example', { host: 'new.example' })];
  const proxy = await startProxy([service('a/a', [http(routes)])], { httpsRedirectPort: 8443 });
  const location = async (host: string) => {
    const { head } = await exchange(proxy.port, ['GET /a HTTP/1.1', `Host: ${host}`]);
    return /^location: (.*)$/im.exec(head)?.[1];
  };
  try {
    assert.equal(await location('own.example'), 'https://own.example:8443/a');
    assert.equal(await location('other.example'), 'https://new.example/a');
  } finally {
    await proxy.stop();
  }
});

describe('shares', () => {
  test('requests follow the weights, none goes to weight 0', async () => {
    const servers = [0, 1, 2].map((i) => createServer((_, response) => response.end(String(i))));
    const ports = await Promise.all(servers.map((server) => listen(server)));
    const backends = Object.fromEntries(
      ports.map((port, i) => [String(i), backend({ targets: [target('127.0.0.1', port)] })]),
    );
    const action = forward(['0', 1], ['1', 3], ['2', 0]);
    const proxy = await startProxy([
      service('a/a', [http([route(['x.example'], prefix('/'), { action })])], { backends }),
    ]);
    try {
      const counts = [0, 0, 0];
      for (let i = 0; i < 600; i++) {
        const { body } = await exchange(proxy.port, ['GET / HTTP/1.1', 'Host: x.example']);
        counts[Number(body)] = (counts[Number(body)] ?? 0) + 1;
      }
      const [one = 0, two = 0, none] = counts;
      assert.equal(one + two, 600);
      assert.equal(none, 0);
      // 150 expected; five standard deviations are 53.
      assert.ok(Math.abs(one - 150) < 53, String(counts));
    } finally {
      await proxy.stop();
      for (const server of servers) server.close();
    }
  });
});
