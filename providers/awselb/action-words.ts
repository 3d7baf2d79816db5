/** Actions and conditions of listeners and rules in words, as plans tell them. Pure; values may come from any account, so nothing is taken for granted. */
import type { Json } from '../../src/model/index.ts';

/** `redirect 301 https://#{host}:443/#{path}?#{query}`, `answer 404`, `sign in at issuer.test`; what only forwards is told by its target groups. */
export function actionsText(value: Json): string {
  const actions = list(value).map(actionText);
  return actions.length === 0 ? 'forward' : actions.join(', then ');
}

function actionText(action: Json): string {
  switch (text(action, 'Type')) {
    case 'redirect': {
      const config = field(action, 'RedirectConfig');
      const code = text(config, 'StatusCode').replace('HTTP_', '');
      return `redirect ${code} ${redirectTo(config)}`;
    }
    case 'fixed-response': {
      const config = field(action, 'FixedResponseConfig');
      const body = text(config, 'MessageBody');
      return `answer ${text(config, 'StatusCode')}${body === '' ? '' : ` ${JSON.stringify(body)}`}`;
    }
    case 'authenticate-oidc':
      return `sign in at ${text(field(action, 'AuthenticateOidcConfig'), 'Issuer')}`;
    case 'authenticate-cognito':
      return `sign in at ${text(field(action, 'AuthenticateCognitoConfig'), 'UserPoolDomain')}`;
    default:
      return text(action, 'Type');
  }
}

/** Where a redirect leads, without the parts that stay as the request has them. */
function redirectTo(config: Json | undefined): string {
  const part = (name: string, same: string): string => {
    const value = text(config, name);
    return value === same ? '' : value;
  };
  const scheme = part('Protocol', '#{protocol}').toLowerCase();
  const host = part('Host', '#{host}');
  const port = part('Port', '#{port}');
  const path = part('Path', '/#{path}');
  const query = part('Query', '#{query}');
  const usual = (scheme === 'https' && port === '443') || (scheme === 'http' && port === '80');
  const place = `${host}${port === '' || usual ? '' : `:${port}`}${path}${query === '' ? '' : `?${query}`}`;
  if (place === '' && scheme !== '') return `to ${scheme}`;
  return `to ${scheme === '' ? '' : `${scheme}://`}${host === '' && scheme !== '' ? '<host>' : ''}${place}`;
}

/** `www.example.com /api*`, with header, method, query and source conditions behind; `*` where there is none. */
export function conditionsText(value: Json): string {
  const conditions = list(value);
  const of = (name: string) => conditions.filter((one) => text(one, 'Field') === name);
  const hosts = of('host-header').map((one) => values(one, 'HostHeaderConfig', 'RegexValues'));
  const paths = of('path-pattern').map((one) => values(one, 'PathPatternConfig', 'RegexValues'));
  const rest = conditions.flatMap((one) => {
    switch (text(one, 'Field')) {
      case 'http-header':
        return [
          `header ${text(field(one, 'HttpHeaderConfig'), 'HttpHeaderName')} ${values(one, 'HttpHeaderConfig', 'RegexValues')}`,
        ];
      case 'http-request-method':
        return [values(one, 'HttpRequestMethodConfig')];
      case 'query-string': {
        const pairs = list(field(field(one, 'QueryStringConfig'), 'Values'));
        return [
          `query ${pairs.map((pair) => [text(pair, 'Key'), text(pair, 'Value')].filter(Boolean).join('=')).join('|')}`,
        ];
      }
      case 'source-ip':
        return [`from ${values(one, 'SourceIpConfig')}`];
      default:
        return [];
    }
  });
  return [...hosts, ...paths, ...rest].join(' ') || '*';
}

/** Any of some values: `a|b`; regular expressions between slashes. */
function values(condition: Json, config: string, regex?: string): string {
  const told = list(field(field(condition, config), 'Values')).map(String);
  const expressions =
    regex === undefined ? [] : list(field(field(condition, config), regex)).map((one) => `/${String(one)}/`);
  return [...told, ...expressions].join('|');
}

export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function field(value: Json | undefined, name: string): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

export function text(value: Json | undefined, name: string): string {
  const found = field(value, name);
  return typeof found === 'string' || typeof found === 'number' ? String(found) : '';
}
