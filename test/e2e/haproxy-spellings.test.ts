/** Guards of every kind beside an open route: nothing that a lenient target takes for the guarded path gets through, and nothing else is refused. */
import assert from 'node:assert/strict';
import { Agent, createServer, request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { Filter, Route } from '../../src/model/index.ts';
import { seeded } from '../bench/haproxy/churn.ts';
import { listen } from '../fakes/listen.ts';
import { backend, exact, http, prefix, route, service, target } from '../front/make-service.ts';
import { type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';
import { readings, spell } from './haproxy-lenient.ts';

type Path = NonNullable<Route['path']>;
interface Guard {
  readonly path: Path;
  /** Whether a path is guarded, said in other words than HAProxy's. */
  readonly guards: (path: string) => boolean;
  readonly asked: readonly string[];
}

const regex = (value: string): Path => ({ type: 'regex', value });
const begins = (value: string): Path => ({ type: 'stringPrefix', value });
const kinds: Readonly<Record<string, Guard>> = {
  prefix: {
    path: prefix('/secret'),
    guards: (path) => path === '/secret' || path.startsWith('/secret/'),
    asked: ['/secret', '/secret/', '/secret/x', '/secret/x/y'],
  },
  deep: {
    path: prefix('/admin/secret'),
    guards: (path) => path === '/admin/secret' || path.startsWith('/admin/secret/'),
    asked: ['/admin/secret', '/admin/secret/x'],
  },
  exact: { path: exact('/only/one'), guards: (path) => path === '/only/one', asked: ['/only/one'] },
  string: {
    path: begins('/sec'),
    guards: (path) => path.startsWith('/sec'),
    asked: ['/sec', '/secret', '/sec.x/y'],
  },
  slashed: { path: begins('/sec/'), guards: (path) => path.startsWith('/sec/'), asked: ['/sec/', '/sec/x'] },
  escaped: {
    path: prefix('/caf%C3%A9'),
    guards: (path) => /^\/caf(%C3%A9|\xc3\xa9)(\/|$)/i.test(path),
    asked: ['/caf%C3%A9', '/caf%C3%A9/x'],
  },
  group: {
    path: regex('^/(adm|secret)/'),
    guards: (path) => /^\/(adm|secret)\//.test(path),
    asked: ['/adm/x', '/secret/1'],
  },
  rest: { path: regex('^/r/.*$'), guards: (path) => /^\/r\/.*$/.test(path), asked: ['/r/', '/r/1'] },
  end: { path: regex('/hidden$'), guards: (path) => /\/hidden$/.test(path), asked: ['/hidden', '/x/hidden'] },
  one: { path: regex('^/one/[^/]+$'), guards: (path) => /^\/one\/[^/]+$/.test(path), asked: ['/one/a'] },
};

const server = createServer((_, response) => response.end('open'));
const agent = new Agent({ keepAlive: true, maxSockets: 4 });
const kept: Filter = { type: 'sourceRanges', allow: ['10.0.0.0/8'] };

describe('spellings of guarded paths', () => {
  let proxy: RunningProxy | undefined;
  before(async () => {
    const backends = { web: backend({ targets: [target('127.0.0.1', await listen(server))] }) };
    const routes = Object.entries(kinds).flatMap(([kind, { path }]) => [
      route([`${kind}.test`], prefix('/')),
      route([`${kind}.test`], path, { filters: [kept] }),
    ]);
    routes.push(
      route(['root.test'], prefix('/'), { filters: [kept] }),
      route(['root.test'], prefix('/public')),
      route(['post.test'], prefix('/')),
      route(['post.test'], prefix('/post'), { methods: ['POST'], filters: [kept] }),
    );
    const action = { type: 'forward', to: [{ backend: 'web', weight: 1 }] } as const;
    const rest = route(['rest-of-port.test'], prefix('/secret'), { filters: [kept] });
    proxy = await startProxy(
      [
        service('a/web', [http(routes)], { backends }),
        service('b/rest', [http([rest], { default: action })], { backends }),
      ],
      // The guards are to hold by themselves.
      { climbingPaths: 'pass' },
    );
  });
  after(async () => {
    agent.destroy();
    await proxy?.stop();
    server.close();
  });
  const ask = (kind: string, path: string, method = 'GET'): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = { host: `${kind}.test` };
      const sent = request({ host: '127.0.0.1', port: proxy?.port, agent, path, method, headers }, (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode ?? 0));
      });
      sent.on('error', reject);
      sent.end();
    });

  for (const [kind, { guards, asked }] of Object.entries(kinds)) {
    test(`${kind}: guarded as it is written`, async () => {
      for (const path of asked) assert.equal(await ask(kind, path), 403, path);
    });
    test(`${kind}: in every spelling`, async () => {
      const dice = seeded(11);
      let lenient = 0;
      const through: string[] = [];
      for (let i = 0; i < 1_500; i++) {
        const path = spell(asked[i % asked.length] ?? '/', (below) => Math.floor(dice() * below));
        if (![...readings(path)].some(guards)) continue;
        lenient++;
        if (![400, 403].includes(await ask(kind, path))) through.push(path);
      }
      assert.deepEqual(through.slice(0, 10), []);
      assert.ok(lenient > 500, `${lenient} spellings`);
    });
    test(`${kind}: nothing else is refused`, async () => {
      const dice = seeded(12);
      const refused: string[] = [];
      for (let i = 0; i < 500; i++) {
        const path = plainPath((below) => Math.floor(dice() * below));
        if ([...readings(path)].some(guards)) continue;
        if ((await ask(kind, path)) !== 200) refused.push(path);
      }
      assert.deepEqual(refused, []);
    });
  }

  const written: Readonly<Record<string, readonly string[]>> = {
    prefix: [
      '//secret',
      '/;/secret',
      '/;a=b/secret',
      '/;a/secret/x',
      '/secret;x',
      '/..;/secret',
      '/secret%3fx',
      '/secret%00',
    ],
    deep: [
      '/admin;x/secret',
      '/admin/;x/secret',
      '/admin;/secret;',
      '/admin%3bx/secret',
      '/admin;%2fy/secret',
      '/;%2fx/admin/secret',
    ],
    exact: ['/only;x/one', '/only//one', '/only/one;', '/;x/only/one', '/Only/One', '/only\\one'],
    string: ['/;/sec', '//sec', '/%73ec', '/;x/SECRET'],
    escaped: ['/caf%c3%a9', '/CAF%c3%a9/x', '/caf%25C3%25A9', '/caf%C3%A9;x', '/%63af%C3%A9'],
    group: [
      '//secret/1',
      '///adm/x',
      '/;/secret/1',
      '/secret;/1',
      '/secret\\1',
      '/%2573ecret/1',
      '/Secret/1',
      '/%25/%252e%252e/adm/',
    ],
    rest: ['//r/1', '/;/r/1', '/r;x/1', '/r%2f1', '/R/1'],
    end: ['/hidden;', '/hidden;x', '/x//hidden;a', '/hidde%6e', '/HIDDEN', '/hidden%3fx'],
    root: [
      '/public/../secret',
      '/public/..;/secret',
      '/public/%2e%2e/secret',
      '/public/x/%252e%252e/%252e%252e/secret',
    ],
    'rest-of-port': ['/secret', '//secret', '/Secret', '/x/../secret', '/secret;x'],
    post: ['//post', '/;/post', '/Post'],
  };
  for (const [kind, paths] of Object.entries(written))
    test(`${kind}: ${paths.join(' ')}`, async () => {
      for (const path of paths) assert.ok([400, 403].includes(await ask(kind, path, 'POST')), path);
    });
  test('what is another path by definition is open', async () => {
    for (const [kind, path] of [
      ['exact', '/only/one/'],
      ['end', '/hidden/'],
      ['slashed', '/sector'],
      ['slashed', '/sec'],
      ['prefix', '/secrets'],
      ['root', '/public/x'],
      ['post', '/post'],
      ['rest-of-port', '/x'],
      ['another', '/Secret'],
      ['another', '/x/../secret'],
    ] as const)
      assert.equal(await ask(kind, path), 200, `${kind} ${path}`);
  });
});

const words = [
  'a',
  'Users',
  'file.tar.gz',
  'v1.2',
  'x%20y',
  '%C3%A9t%C3%A9',
  'a%2Fb',
  '100%25',
  '%E4%B8%AD',
  'a;v=1',
  'm;q=a%2Fb',
  '~me',
  '...',
  '.well-known',
  'a+b',
  'x:y@z',
  '(1)',
  'a%252Fb',
];

/** A path as clients of everyday ask for it. */
function plainPath(dice: (below: number) => number): string {
  const parts = Array.from({ length: 1 + dice(4) }, () => words[dice(words.length)] ?? 'a');
  return `/${parts.join(dice(8) === 0 ? '//' : '/')}${dice(4) === 0 ? '/' : ''}`;
}
