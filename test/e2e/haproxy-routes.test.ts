/** Route choice by a real HAProxy: what the Ingress API and RFC 9110 promise, row by row. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Route } from '../../src/model/index.ts';
import { exact, http, prefix, route, service } from '../front/make-service.ts';
import { exchange, type RunningProxy, startProxy } from '../providers/haproxy/proxy.ts';

/** A route that answers with its own name: which one was taken is what is tested. */
function named(name: string, hosts: readonly string[], path?: Route['path'], more: Partial<Route> = {}): Route {
  return route(hosts, path, { action: { type: 'fixed', status: 200, body: name }, ...more });
}

const fixed = (body: string) => ({ type: 'fixed', status: 200, body }) as const;
const regex = (value: string) => ({ type: 'regex', value }) as const;
const string = (value: string) => ({ type: 'stringPrefix', value }) as const;

const plain = service('a/plain', [
  http([
    named('aaa', ['p.example'], prefix('/aaa')),
    named('aaa/bbb', ['p.example'], prefix('/aaa/bbb/')),
    named('exact', ['p.example'], exact('/aaa/exact')),
    named('exact/', ['p.example'], exact('/slash/')),
    named('prefix=exact', ['p.example'], prefix('/same')),
    named('exact=prefix', ['p.example'], exact('/same')),
    named('root', ['root.example'], prefix('/')),
    named('only', ['only.example'], exact('/')),
    named('wild', ['*.wild.example'], prefix('/')),
    named('wild-exact', ['one.wild.example'], prefix('/x')),
    named('wild-a', ['*.deep.wild.example'], prefix('/a')),
    named('case', ['case.example'], prefix('/Case')),
    named('ip', ['10.9.8.7'], prefix('/')),
    named('any', [], prefix('/any')),
  ]),
]);

const regular = service('b/regular', [http([named('re', ['re.example'], regex('^/[0-9]+$'))])]);

const mixed = service('a/mixed', [
  http(
    [
      named('str', ['m.example'], string('/foo')),
      named('str/', ['m.example'], string('/dir/')),
      named('dir', ['m.example'], prefix('/dir')),
      named('str-only/', ['s.example'], string('/dir/')),
      named('re', ['m.example'], regex('^/foo/[0-9]+$')),
      named('re-long', ['m.example'], regex('^/foo/[0-9]+/edit$')),
      named('re-free', ['m.example'], regex('/needle')),
      named('re-alt', ['m.example'], regex('^/alt/x$|^/alt/y$')),
      named('long', ['m.example'], prefix('/foo/1234567890/and/longer')),
      named('re-wild', ['*.m.example'], regex('^/w[0-9] ?x$')),
      named('c-root', ['c.example'], prefix('/')),
      named('c-get', ['c.example'], prefix('/c'), { methods: ['GET'] }),
      named('c-plain', ['c.example'], prefix('/c')),
      named('c-head', ['c.example'], prefix('/c'), { headers: [{ name: 'X-Try', type: 'exact', value: "it's }" }] }),
      named('c-two', ['c.example'], prefix('/c'), {
        headers: [
          { name: 'X-Try', type: 'exact', value: "it's }" },
          { name: 'X-Re', type: 'regex', value: '^a b+$' },
        ],
      }),
      named('c-deep', ['c.example'], prefix('/c/deep')),
      named('c-query', ['c.example'], prefix('/q'), { query: [{ name: 'q', type: 'exact', value: 'a b' }] }),
      named('c-brace', ['c.example'], prefix('/q'), { headers: [{ name: 'X-Brace', type: 'exact', value: '}' }] }),
      named('c-empty', ['c.example'], exact('/empty'), { headers: [{ name: 'X-Empty', type: 'exact', value: '' }] }),
      named('c-near', ['c.example'], prefix('/ip'), { sourceIps: ['127.0.0.0/8'] }),
      named('c-far', ['c.example'], prefix('/ip/far'), { sourceIps: ['10.0.0.0/8'] }),
      named('hostile', ['d.example'], prefix('/x')),
    ],
    { default: fixed('rest of mixed') },
  ),
]);

const rest = service('b/rest', [http([], { default: fixed('rest of port') })]);

interface Row {
  readonly host: string | null;
  readonly target: string;
  readonly to: string;
  readonly why: string;
  readonly method?: string;
  readonly headers?: readonly string[];
}

const row = (host: string | null, target: string, to: string, why: string, more: Partial<Row> = {}): Row => ({
  host,
  target,
  to,
  why,
  ...more,
});

const plainRows: readonly Row[] = [
  row('p.example', '/aaa', 'aaa', 'prefix, the path itself'),
  row('p.example', '/aaa/', 'aaa', 'prefix, trailing slash of the request'),
  row('p.example', '/aaa/ccc', 'aaa', 'prefix, deeper'),
  row('p.example', '/aaaccc', '404', 'prefix goes by elements'),
  row('p.example', '/AAA', '404', 'paths are case-sensitive'),
  row('p.example', '/aaa/bbb', 'aaa/bbb', 'trailing slash of the rule is ignored'),
  row('p.example', '/aaa/bbb/c', 'aaa/bbb', 'longest path first'),
  row('p.example', '/aaa/bbbc', 'aaa', 'longest path that fits'),
  row('p.example', '/aaa/exact', 'exact', 'exact'),
  row('p.example', '/aaa/exact?q=/x', 'exact', 'the query is no part of the path'),
  row('p.example', '/aaa/exact/', 'aaa', 'exact: trailing slash matters'),
  row('p.example', '/slash/', 'exact/', 'exact with slash'),
  row('p.example', '/slash', '404', 'exact with slash, asked without'),
  row('p.example', '/same', 'exact=prefix', 'exact before prefix at equal length'),
  row('p.example', '/same/x', 'prefix=exact', 'and prefix for the rest'),
  row('p.example', '/', '404', 'the host has no such path'),
  row('p.example', '/any', '404', 'a known host does not fall to every host'),
  row('P.EXAMPLE', '/aaa', 'aaa', 'hosts in any case'),
  row('p.example:8080', '/aaa', 'aaa', 'port removed'),
  row('p.example.', '/aaa', 'aaa', 'one trailing dot removed'),
  row('p.example.:80', '/aaa', 'aaa', 'dot and port removed'),
  row('p.example..', '/aaa', '404', 'two dots are no host of ours'),
  row('p.example', 'http://p.example/aaa', 'aaa', 'absolute form'),
  row('root.example', 'http://root.example', 'root', 'absolute form without a path'),
  row('only.example', 'http://only.example', 'only', 'no path counts as /'),
  row('only.example', '/', 'only', 'exact /'),
  row('only.example', '//', '404', 'exact / is not //'),
  row('root.example', '//x', 'root', 'prefix / takes everything'),
  row('a.wild.example', '/', 'wild', 'wildcard: one label'),
  row('A.Wild.Example:80', '/', 'wild', 'wildcard in any case'),
  row('a.b.wild.example', '/', '404', 'wildcard: not two labels'),
  row('wild.example', '/', '404', 'wildcard: not none'),
  row('one.wild.example', '/x', 'wild-exact', 'exact host before wildcard'),
  row('one.wild.example', '/y', '404', 'an exact host without the path does not fall to the wildcard'),
  row('x.deep.wild.example', '/a', 'wild-a', 'the longer wildcard is another host'),
  row('deep.wild.example', '/', 'wild', 'and its parent is one label'),
  row('case.example', '/Case/x', 'case', 'case kept'),
  row('case.example', '/case', '404', 'case kept'),
  row('10.9.8.7:80', '/', 'ip', 'address as host'),
  row('unknown.example', '/any/x', 'any', 'every host'),
  row('unknown.example', '/other', '404', 'every host, other path'),
  row('', '/any', 'any', 'empty Host'),
  row(null, '/any', 'any', 'HTTP/1.0 without Host'),
  row('[::1]:80', '/any', 'any', 'IPv6 literal'),
  row('p.example/aaa', '/bbb', '400', 'a slash in Host cannot make up a path'),
  row('p.example/aaa', '/', '400', 'nor that of a prefix'),
  row('root.example/', '/', '400', 'nor a slash at its end'),
  row('/any', '/x', '400', 'nor one at its beginning'),
  row('a/b.wild.example', '/', '400', 'nor one in a wildcard'),
  row('p.example%2faaa', '/bbb', '404', 'an escaped slash is no slash'),
  row('*.wild.example', '/', 'wild', 'a wildcard is one of its own hosts'),
  row('root.example\tx', '/', '404', 'blanks are no part of a host'),
  row('p.example,root.example', '/', '404', 'a list is no host'),
  row('p.example', '/aaa/%62bb', 'aaa', 'escapes are compared as written'),
];

const mixedRows: readonly Row[] = [
  row('m.example', '/foobar', 'str', 'string prefix'),
  row('m.example', '/fo', 'rest of mixed', 'host default before that of the port'),
  row('m.example', '/dir', 'dir', 'a string prefix with slash does not take the path without'),
  row('m.example', '/dir/x', 'str/', 'string prefix with slash is longer'),
  row('s.example', '/dir', 'rest of mixed', 'nothing takes the path without the slash'),
  row('s.example', '/dir/', 'str-only/', 'string prefix with slash'),
  row('m.example', '/foo/12', 're', 'regex longer than the string prefix'),
  row('m.example', '/foo/x', 'str', 'regex does not fit'),
  row('m.example', '/foo/12/edit', 're-long', 'longest regex first'),
  row('m.example', '/foo/12?x', 're', 'regex sees no query'),
  row('m.example', '/a/needle/b', 're-free', 'not anchored by its author'),
  row('m.example', '/alt/y', 're-alt', 'anchors within alternatives'),
  row('m.example', '/x/alt/y', 'rest of mixed', 'anchors within alternatives'),
  row('m.example', '/foo/1234567890/and/longer', 'long', 'a prefix longer than the regex'),
  row('a.m.example', '/w1x', 're-wild', 'regex at a wildcard host'),
  row('m.example', '/w1x', 'rest of mixed', 'regex of another host'),
  row('c.example', '/c', 'c-get', 'method before none', { method: 'GET' }),
  row('c.example', '/c', 'c-plain', 'other method', { method: 'POST' }),
  row('c.example', '/cc', 'c-root', 'conditions do not widen the path'),
  row('c.example', '/c', 'c-head', 'header', { method: 'POST', headers: ["X-Try: it's }"] }),
  row('c.example', '/c', 'c-get', 'method before headers', { headers: ["X-Try: it's }"] }),
  row('c.example', '/c', 'c-two', 'more headers first', { method: 'PUT', headers: ["X-Try: it's }", 'X-Re: a bb'] }),
  row('c.example', '/c/deep/x', 'c-deep', 'a longer path before conditions'),
  row('c.example', '/q?q=a+b', 'c-query', 'query, decoded'),
  row('c.example', '/q?q=a%20b', 'c-query', 'query, decoded'),
  row('c.example', '/q?q=a', 'c-root', 'query does not fit'),
  row('c.example', '/q', 'c-brace', 'a value that looks like syntax', { headers: ['X-Brace: }'] }),
  row('c.example', '/empty', 'c-empty', 'an empty value', { headers: ['X-Empty:'] }),
  row('c.example', '/empty', 'c-root', 'absent is not empty'),
  row('c.example', '/ip', 'c-near', 'source range'),
  row('c.example', '/ip/far', 'c-near', 'other source range'),
  row('nobody.example', '/', 'rest of port', 'what nothing else took'),
  row('d.example', '/y', 'rest of mixed', 'the rest of the hosts of its object'),
];

describe('route choice', () => {
  for (const [title, services, rows, options] of [
    ['exact, prefix and hosts', [plain], plainRows, {}],
    ['exact, prefix and hosts, where the log tells the host', [plain], plainRows, { log: '127.0.0.1:9' }],
    ['exact, prefix and hosts, beside expressions', [plain, regular], plainRows, {}],
    ['mixed kinds, conditions and defaults', [mixed, rest], mixedRows, {}],
  ] as const) {
    describe(title, () => {
      let proxy: RunningProxy | undefined;
      before(async () => {
        proxy = await startProxy(services, options);
      });
      after(async () => {
        await proxy?.stop();
      });
      for (const one of rows) {
        test(`${one.method ?? 'GET'} ${one.host} ${one.target} → ${one.to} (${one.why})`, async () => {
          assert.ok(proxy !== undefined);
          assert.equal(await ask(proxy.port, one), one.to);
        });
      }
    });
  }
});

/** The name that a route answered with, else the status. */
async function ask(port: number, { host, target, method = 'GET', headers = [] }: Row): Promise<string> {
  const lines = [`${method} ${target} HTTP/1.${host === null ? 0 : 1}`, ...(host === null ? [] : [`Host: ${host}`])];
  const { head, body } = await exchange(port, [...lines, ...headers]);
  const status = head.split(' ')[1] ?? 'none';
  return status === '200' ? body : status;
}
