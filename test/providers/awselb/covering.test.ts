import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takenOf } from '../../../providers/awselb/covering.ts';

const host = (...Values: string[]) => ({ Field: 'host-header', HostHeaderConfig: { Values } });
const path = (...Values: string[]) => ({ Field: 'path-pattern', PathPatternConfig: { Values } });
const from = (...Values: string[]) => ({ Field: 'source-ip', SourceIpConfig: { Values } });
const header = (HttpHeaderName: string, ...Values: string[]) => ({
  Field: 'http-header',
  HttpHeaderConfig: { HttpHeaderName, Values },
});
const query = (Key: string, Value: string) => ({
  Field: 'query-string',
  QueryStringConfig: { Values: [{ Key, Value }] },
});
const regex = (...RegexValues: string[]) => ({ Field: 'path-pattern', PathPatternConfig: { RegexValues } });

describe('what a rule takes of the requests of another one', () => {
  const cases = [
    ['a host without a path', [host('www.test')], [host('www.test'), path('/*')], 'all'],
    ['every path of the host', [host('www.test'), path('/*')], [host('www.test')], 'all'],
    ['a host, whatever its case', [host('WWW.test')], [host('www.test'), path('/a')], 'all'],
    ['a wildcard', [host('*.test')], [host('www.test')], 'all'],
    ['one of its hosts', [host('www.test')], [host('www.test', 'shop.test')], 'part'],
    ['what the wildcard holds', [host('www.test')], [host('*.test')], 'part'],
    ['some path of every host', [path('/api/*')], [host('www.test'), path('/*')], 'part'],
    ['two wildcards that meet', [path('/a*/x')], [path('/*b/x')], 'part'],
    ['two wildcards that never meet', [path('/a*')], [path('/b*')], undefined],
    ['another host', [host('old.test')], [host('www.test')], undefined],
    ['a wildcard that is a sign', [path('/a\\*')], [path('/a\\*')], 'all'],
    ['a sign that is no wildcard', [path('/a\\*')], [path('/ab')], undefined],
    ['one sign of any kind', [path('/a?')], [path('/ab')], 'all'],
    ['one sign is not none', [path('/a?')], [path('/a')], undefined],
    ['any is more than one', [path('/a?')], [path('/a*')], 'part'],
    ['a range', [from('10.0.0.0/8')], [from('10.1.0.0/16')], 'all'],
    ['a part of a range', [from('10.1.0.0/16')], [from('10.0.0.0/8')], 'part'],
    ['another range', [from('10.1.0.0/16')], [from('10.2.0.0/16')], undefined],
    ['a header more', [host('www.test'), header('x-a', '1')], [host('www.test')], 'part'],
    ['a header less', [host('www.test')], [host('www.test'), header('x-a', '1')], 'all'],
    ['two values of a header that may stand twice', [header('x-a', '1')], [header('x-a', '2')], 'part'],
    ['a parameter', [query('a', '*')], [query('a', '1')], 'all'],
    ['the same regular expression', [regex('^/a')], [regex('^/a')], 'all'],
    ['another one: nobody knows', [regex('^/a')], [regex('^/b')], 'part'],
  ] as const;
  for (const [name, one, other, taken] of cases) it(name, () => assert.equal(takenOf(one, other), taken));
});
