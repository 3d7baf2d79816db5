/** A service with every text that somebody else writes, one of them at a time hostile. */
import fc from 'fast-check';
import type { ExportedService, Route } from '../../../src/model/index.ts';
import { backend, cert, http, https, prefix, route, service, target, tcp } from '../../front/make-service.ts';

export interface TextField {
  readonly name: string;
  readonly harmless: string;
  /** A service of this id with the text in that place. */
  readonly put: (id: string, text: string) => ExportedService;
}

const forward = { type: 'forward', to: [{ backend: 'web', weight: 1 }] } as const;

function withRoute(more: (text: string) => Partial<Route>): TextField['put'] {
  return (id, text) => service(id, [http([route([hostOf(id)], prefix('/x'), more(text))])]);
}

/** Every service has its own host, so that many of them stand in one file. */
function hostOf(id: string): string {
  return `${id.replaceAll('/', '-')}.example`;
}

const backends = (web: Parameters<typeof backend>[0]) => ({ backends: { web: backend(web) } });
const plain = (id: string) => [http([route([hostOf(id)])])];

export const textFields: readonly TextField[] = [
  { name: 'host', harmless: 'a.example', put: (id, text) => service(id, [http([route([text, hostOf(id)])])]) },
  ...(['exact', 'prefix', 'stringPrefix', 'regex'] as const).map((type) => ({
    name: `path ${type}`,
    harmless: '/a',
    put: (id: string, value: string) =>
      service(id, [http([route([hostOf(id)], { type, value }), route([hostOf(id)], prefix('/z'))])]),
  })),
  { name: 'method', harmless: 'PUT', put: withRoute((text) => ({ methods: [text] })) },
  { name: 'header name', harmless: 'X-A', put: withRoute((name) => ({ headers: [{ name, type: 'present' }] })) },
  {
    name: 'header value',
    harmless: 'a',
    put: withRoute((value) => ({ headers: [{ name: 'X', type: 'exact', value }] })),
  },
  {
    name: 'header regex',
    harmless: 'a',
    put: withRoute((value) => ({ headers: [{ name: 'X', type: 'regex', value }] })),
  },
  { name: 'query name', harmless: 'q', put: withRoute((name) => ({ query: [{ name, type: 'present' }] })) },
  { name: 'query value', harmless: 'a', put: withRoute((value) => ({ query: [{ name: 'q', type: 'exact', value }] })) },
  { name: 'route source', harmless: '10.0.0.0/8', put: withRoute((text) => ({ sourceIps: [text] })) },
  {
    name: 'filter header name',
    harmless: 'X-A',
    put: withRoute((name) => ({ filters: [{ type: 'requestHeader', op: 'set', name, value: 'a' }] })),
  },
  {
    name: 'filter header value',
    harmless: 'a',
    put: withRoute((value) => ({ filters: [{ type: 'responseHeader', op: 'add', name: 'X-A', value }] })),
  },
  {
    name: 'rewrite from',
    harmless: '/a',
    put: withRoute((from) => ({ filters: [{ type: 'rewritePrefix', from, to: '/b' }] })),
  },
  {
    name: 'rewrite to',
    harmless: '/b',
    put: withRoute((to) => ({ filters: [{ type: 'rewritePrefix', from: '/a', to }] })),
  },
  {
    name: 'rewrite pattern',
    harmless: '^/a',
    put: withRoute((pattern) => ({ filters: [{ type: 'rewriteRegex', pattern, to: '/b' }] })),
  },
  {
    name: 'rewrite replacement',
    harmless: '/b',
    put: withRoute((to) => ({ filters: [{ type: 'rewriteRegex', pattern: '^/a', to }] })),
  },
  { name: 'filter host', harmless: 'b.example', put: withRoute((value) => ({ filters: [{ type: 'host', value }] })) },
  {
    name: 'redirect host',
    harmless: 'b.example',
    put: withRoute((host) => ({ action: { type: 'redirect', code: 302, host } })),
  },
  {
    name: 'redirect path',
    harmless: '/b',
    put: withRoute((path) => ({ action: { type: 'redirect', code: 302, path } })),
  },
  { name: 'body', harmless: 'a', put: withRoute((body) => ({ action: { type: 'fixed', status: 200, body } })) },
  {
    name: 'content type',
    harmless: 'text/html',
    put: withRoute((contentType) => ({ action: { type: 'fixed', status: 200, body: 'a', contentType } })),
  },
  {
    name: 'source range',
    harmless: '10.0.0.0/8',
    put: (id, text) => service(id, [http([route([hostOf(id)])], { sourceRanges: [text] })]),
  },
  {
    name: 'check path',
    harmless: '/a',
    put: (id, path) => service(id, plain(id), backends({ health: { type: 'http', path } })),
  },
  {
    name: 'check host',
    harmless: 'a.example',
    put: (id, host) => service(id, plain(id), backends({ health: { type: 'http', host } })),
  },
  {
    name: 'check method',
    harmless: 'HEAD',
    put: (id, method) => service(id, plain(id), backends({ health: { type: 'http', method } })),
  },
  {
    name: 'denied range',
    harmless: '10.0.0.0/8',
    put: (id, text) => service(id, [http([route([hostOf(id)])], { deniedRanges: [text] })]),
  },
  ...(['allow', 'deny'] as const).map((list) => ({
    name: `filter ${list}`,
    harmless: '10.0.0.0/8',
    put: withRoute((text) => ({ filters: [{ type: 'sourceRanges', [list]: [text] }] })),
  })),
  {
    name: 'realm',
    harmless: 'Shop (staff)',
    put: withRoute((realm) => ({ filters: [{ type: 'basicAuth', realm }] })),
  },
  {
    name: 'users',
    harmless: 'ab'.repeat(32),
    put: withRoute((sha256) => ({ filters: [{ type: 'basicAuth', realm: 'a', users: { sha256, origin: 'file u' } }] })),
  },
  {
    name: 'origin of users',
    harmless: 'Secret a/b',
    put: withRoute((origin) => ({
      filters: [{ type: 'basicAuth', realm: 'a', users: { sha256: 'ab'.repeat(32), origin } }],
    })),
  },
  ...(['origins', 'methods', 'headers', 'exposeHeaders'] as const).map((list) => ({
    name: `CORS ${list}`,
    harmless: list === 'origins' ? 'https://a.example' : 'PUT',
    put: (id: string, text: string) => {
      const cors = { origins: ['https://x.example'], methods: ['GET'], headers: ['A'], exposeHeaders: ['B'] };
      const filter = { type: 'cors', credentials: true, ...cors, [list]: [text] } as const;
      return service(id, [http([route([hostOf(id)])], { filters: [filter] })]);
    },
  })),
  {
    name: 'cookie name',
    harmless: 'lb',
    put: (id, cookie) => service(id, plain(id), backends({ affinity: { type: 'cookie', cookie } })),
  },
  {
    name: 'server name',
    harmless: 'a.example',
    put: (id, serverName) => service(id, plain(id), backends({ protocol: 'https', tls: { verify: true, serverName } })),
  },
  {
    name: 'target address',
    harmless: '10.0.0.2',
    put: (id, text) => service(id, plain(id), backends({ targets: [target('10.0.0.1'), target(text)] })),
  },
  {
    name: 'backend name',
    harmless: 'other',
    put: (id, name) => {
      const action = { type: 'forward', to: [{ backend: name, weight: 1 }] } as const;
      return service(id, [http([route([hostOf(id)], prefix('/x'), { action })])], { backends: { [name]: backend() } });
    },
  },
  { name: 'front key', harmless: 'web', put: (id, key) => service(id, [http([route([hostOf(id)])], { key })]) },
  {
    name: 'service name',
    harmless: 'plain',
    put: (id, name) => {
      const one = service(id, plain(id));
      return { ...one, id: `${id}/${name}`, origin: { ...one.origin, namespace: name, name } };
    },
  },
  {
    name: 'certificate name',
    harmless: 'a.example',
    put: (id, name) => service(id, [https([route([hostOf(id)])], [cert('aa', ['ok.example', name])])]),
  },
  {
    name: 'certificate origin',
    harmless: 'Secret a/b',
    put: (id, origin) => service(id, [https([route([hostOf(id)])], [cert('aa', ['ok.example'], { origin })])]),
  },
  {
    name: 'listening address',
    harmless: '10.1.2.3',
    put: (id, address) =>
      service(id, [tcp(9000, { default: forward })], { address: { list: [address], families: [], held: [] } }),
  },
];

/** What has been used against proxies before, and everything else that a text can be. */
const attacks = [
  'a\nbackend evil\n  server x 10.6.6.6:80',
  'a\r\n  http-request allow',
  'a b',
  '/a b_x\n/ b_evil',
  "a' if TRUE",
  "'",
  '"',
  '\\',
  "\\' #",
  '/a"#',
  '$HOME',
  '$' + '{HOME}',
  '%[env(HOME)]',
  '%[src]',
  '%',
  '#',
  '}',
  '{ }',
  '} || { always_true',
  '-f /etc/passwd',
  '-m',
  '--',
  'or',
  '||',
  'unless',
  '',
  ' ',
  '|a|999',
  '/a|b_evil|9',
  '/?',
  '/a/?',
  ';show info',
  '[alpn h2]',
  '!x.example',
  '../../etc/passwd',
  '/../..',
  '\0',
  '\u2028',
  '\u0085',
  '\u202e',
  'ä',
  'a,b)',
  'str(x)',
  '*',
  '*.*.example',
  '0.0.0.0/0 1\n',
  '010.0.0.1',
  '::ffff:1.2.3.4',
  '$1\\1',
  '^(a+)+$',
  '__proto__',
  'constructor',
  'x'.repeat(5_000),
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...attacks),
  fc.constantFrom(...attacks).map((text) => `/${text}`),
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc
    .tuple(
      fc.constantFrom('/', 'a', '^/', ''),
      fc.array(fc.constantFrom(...` '"\\#$%{}()[]|;,\n\r\t-=/.*?^&~<>\`!@+`), { maxLength: 8 }),
    )
    .map(([start, chars]) => start + chars.join('')),
);

/** As many texts as asked for, the known attacks first: for runs that are not random. */
export const knownAttacks: readonly string[] = attacks;
