import type { FrontendAttrs } from './attrs.ts';
import type { Section } from './layout.ts';
import type { Options } from './options.ts';
import { literal, word } from './quote.ts';
import { bindsOf } from './section-frontend.ts';

/** Lines of the frontend with HAProxy's own page of statistics, which changes nothing. */
export function statsLines(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  const page = ['stats enable', 'stats uri /', 'stats refresh 10s', 'stats show-legends'];
  const guarded = readerSections(options).length > 0;
  const guard = guarded ? ['stats http-request auth realm statistics unless { http_auth(statistics) }'] : [];
  return [...bindLines(frontend, attrs, options), ...page, ...guard];
}

/** Lines of the frontend that says that HAProxy serves, and nothing else. */
export function monitorLines(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  return [...bindLines(frontend, attrs, options), 'monitor-uri /'];
}

function bindLines(frontend: string, attrs: FrontendAttrs, options: Options): readonly string[] {
  return bindsOf(frontend, attrs, options).map(({ address, port }) =>
    address.includes(':') ? `bind [${word(address)}]:${port} v6only` : `bind ${word(address)}:${port}`,
  );
}

/** Who may read the page; none: everybody who reaches it, which is this machine alone. */
export function readerSections({ stats }: Options): readonly Section[] {
  const users = Object.entries(stats?.users ?? {});
  if (users.length === 0) return [];
  return [
    { head: 'userlist statistics', lines: users.map(([name, hash]) => `user ${word(name)} password ${literal(hash)}`) },
  ];
}
