/** Bad input in weir's own form. */
import type { BadCase } from './bad-input-cases.ts';

export function ownCases(targetPort: number): readonly BadCase[] {
  const target = `127.0.0.1:${targetPort}`;
  const cases: BadCase[] = [];

  /** A service in weir's own form; the bad one is made by replacing a piece of the text. */
  const own = (
    name: string,
    from: string | RegExp,
    to: string,
    told: BadCase['told'],
    status: BadCase['status'] = 200,
  ): void => {
    const slug = `own-${cases.length}`;
    const good = `name: bad/${slug}\nhttp:\n- host: ${slug}.test\n  path: /\ntargets: ["${target}"]\n`;
    const bad = good.replace(from, () => to);
    cases.push({ name, slug, good, bad, told: { service: `bad/${slug}`, ...told }, status, secure: false });
  };
  const field = (code: string, where: string, value: string, message: RegExp) => ({
    code,
    field: where,
    value,
    message,
  });

  own('unknown field', 'targets:', 'balanse: roundrobin\ntargets:', {
    code: 'E_FIELD_UNKNOWN',
    field: 'balanse',
    message: /did you mean "balance"/,
  });
  own('wrong type', /\[.*\]/, 'seven', field('E_FIELD_TYPE', 'targets', 'seven', /must be a list/));
  for (const port of ['0', '70000', '-1', '80.5'])
    own(`port ${port}`, /targets:/, `ports: [{ port: ${port}, protocol: tcp }]\ntargets:`, {
      ...field('E_PORT', 'ports[0].port', port, /from 1 to 65535/),
    });
  own(
    'target port 70000',
    target,
    '127.0.0.1:70000',
    field('E_PORT', 'targets[0]', '127.0.0.1:70000', /from 1 to 65535/),
  );
  const address = (name: string, text: string, message: RegExp, code = 'E_ADDRESS'): void =>
    own(name, `["${target}"]`, `['${text}']`, field(code, 'targets[0]', text, message));
  address('bad address', '10.0.0.300:80', /must be an IPv4 or IPv6 address such as/);
  address('address with leading zeros', '010.0.0.1:80', /without leading zeros/);
  address('host name in place of an address', 'db.example.com:80', /host names are not resolved/);
  address('IPv6 zone', '[fe80::1%eth0]:80', /without a zone/);
  address('metadata service', '169.254.169.254:80', /allowTargets/, 'E_ADDRESS_FORBIDDEN');
  own(
    'line break in a host',
    /host: (.*)/,
    'host: "a.test\\n  server evil 127.0.0.1:1"',
    field('E_TEXT_UNSAFE', 'http[0].host', 'a.test\\u000a  server evil 127.0.0.1:1', /must not contain line breaks/),
  );
  own('look-alike host', /host: .*/, 'host: "shоp.test"', field('E_HOST', 'http[0].host', 'shоp.test', /xn--/));
  own(
    'quotes in a path',
    'path: /',
    `path: '/a"b'`,
    field('E_PATH', 'http[0].path', '/a"b', /must not contain quotes/),
  );
  own('.. in a path', 'path: /', 'path: /a/../b', field('E_PATH', 'http[0].path', '/a/../b', /\. or \.\./));
  own('expression that PCRE2 refuses', 'path: /', "path: '~ ^/[\\w-.]+'", {
    ...field('E_REGEX', 'http[0].path', '^/[\\w-.]+', /literal hyphen/),
  });
  own('expression too large to compile', 'path: /', "path: '~ ((a{1000}){1000}){1000}'", {
    ...field('E_REGEX', 'http[0].path', '((a{1000}){1000}){1000}', /must be smaller/),
  });
  own(
    'name of what every object has',
    'path: /',
    'to: constructor',
    {
      ...field('E_BACKEND_MISSING', 'http[0].to', 'constructor', /does not exist/),
    },
    503,
  );
  const file = (name: string, text: (good: string) => string | Buffer, code: string, message: RegExp): void => {
    own(name, /$/, '', { code, message });
    const last = cases.pop();
    if (last === undefined) return;
    const { service: _, ...told } = last.told;
    cases.push({ ...last, bad: text(last.good), told });
  };
  file('.. in a name', (good) => good.replace('bad/', '../../'), 'E_NAME', /name/);
  file('a key twice', (good) => `${good}targets: []\n`, 'E_FILE_SYNTAX', /stands there twice; its last good content/);
  file('__proto__', (good) => `${good}__proto__: { a: 1 }\n`, 'E_FILE_SYNTAX', /__proto__ is not allowed/);
  file('YAML bomb', bomb, 'E_FILE_ALIASES', /expand far beyond its size; its last good content/);
  file(
    'deep nesting',
    (good) => `${good}labels: ${'['.repeat(5000)}${']'.repeat(5000)}\n`,
    'E_FILE_SYNTAX',
    /nested|valid/,
  );
  file('10 MB file', (good) => `${good}# ${'x'.repeat(10_000_000)}\n`, 'E_FILE_SIZE', /limit is 8388608 \(fileBytes/);
  file('empty braces left open', (good) => `${good}labels: {\n`, 'E_FILE_SYNTAX', /not valid YAML/);
  file('bytes that are no text', (good) => Buffer.from(`${good}# \xff\xfe\n`, 'latin1'), 'E_FILE_SYNTAX', /./);

  own('TCP on a port of HTTP', 'targets:', 'ports: [{ port: 80, protocol: tcp }]\ntargets:', {
    ...field('E_PORT_CONFLICT', 'fronts[1].port', '80/tcp', /served as HTTP for .* \(.*\); choose another port/),
  });
  own(
    'a host and path of an older service',
    /host: .*/,
    'host: good-0.test',
    {
      code: 'E_ROUTE_CONFLICT',
      value: 'good-0.test/',
      message: /good-0\.test.*good\/s0 \(older: created [-0-9T:Z]+\); change host or path/,
    },
    404,
  );

  return cases;
}

function bomb(good: string): string {
  const levels = Array.from(
    { length: 12 },
    (_, i) => `  l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(', ')}]`,
  );
  return `${good}labels:\n  l0: &l0 [x]\n${levels.join('\n')}\n`;
}
