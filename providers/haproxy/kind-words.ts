/** How plans tell backends, frontends and routes to people. Values of headers are not told: they may be secret. Pure. */
import { fieldText, filtersText } from '../../src/model/filter-words.ts';
import type { Attrs, AttrWords, Json, KindWords, SetWords } from '../../src/model/index.ts';

const ms = (value: Json): string =>
  typeof value === 'number' && value % 1000 === 0 ? `${value / 1000} s` : `${said(value)} ms`;
const time = (word: string): AttrWords => ({ word, text: ms });
const flag = (word: string): AttrWords => ({ word: '', text: (value) => (value === true ? word : '') });
const share: SetWords = { word: 'to' };

/** What is done to a request besides handing it on: the same for routes and for what no route took. */
const treatment: Readonly<Record<string, AttrWords>> = {
  answer: { word: '', text: answerText },
  filters: { word: '', usual: [], text: filtersText },
  ranges: { word: 'lets in', text: (value) => listed(value) },
  denied: { word: 'keeps out', text: (value) => listed(value) },
  verified: flag('only with a client certificate'),
};

const backend: KindWords = {
  attrs: {
    mode: {
      word: '',
      text: (value, { tls, h2 }) =>
        [said(value), ...(tls === undefined ? [] : ['TLS']), ...(h2 === true ? ['HTTP/2'] : [])].join(', '),
    },
    balance: { word: '', usual: 'roundrobin' },
    check: { word: 'check', text: checkText },
    cookie: { word: 'cookie', text: (value) => fieldText(value, 'name') },
    sendProxy: { word: 'PROXY protocol' },
    fresh: flag('a connection for each request'),
    retries: { word: 'retries' },
    connectMs: time('time-out connect'),
    queueMs: time('time-out queue'),
    serverMs: time('time-out server'),
    tunnelMs: time('time-out tunnel'),
    slowStartMs: time('slow start'),
    h2: { word: 'HTTP/2 to targets', quiet: true },
    tls: { word: 'TLS to targets', quiet: true },
  },
  sets: { servers: { word: 'servers' } },
};

const frontend: KindWords = {
  name: placeText,
  attrs: {
    mode: {
      word: '',
      text: (value, { tls, sni }) =>
        `${said(value)}${tls === true ? ' over TLS' : ''}${sni === true ? ', TLS passed through by name' : ''}`,
    },
    addresses: { word: 'on', usual: [], text: (value) => listed(value) },
    acceptProxy: flag('takes the PROXY protocol'),
    brought: flag('before this machine has the address'),
    clientCa: { word: 'client certificates by', text: (value) => said(value).slice(0, 12) },
    maxConnections: { word: 'at most', text: (value) => `${said(value)} connections` },
    clientMs: time('time-out client'),
    requestMs: time('time-out request'),
    keepAliveMs: time('time-out keep-alive'),
    stats: flag('page of statistics'),
    monitor: flag('answers probes'),
    ...treatment,
  },
  refs: { default: 'to' },
  sets: { certs: { word: 'certificates', member: certText }, forward: share },
};

const route: KindWords = {
  name: routeText,
  attrs: {
    methods: { word: 'only methods', text: (value) => listed(value) },
    headers: { word: 'only with header', text: (value) => names(value, 'name') },
    query: { word: 'only with query', text: (value) => names(value, 'name') },
    sourceIps: { word: 'only from', text: (value) => listed(value) },
    ...treatment,
    tie: { word: 'order among equals', quiet: true, text: () => 'as by age' },
  },
  refs: { backend: 'to' },
  sets: { forward: share },
};

export const kindWords = { backend, frontend, route } as const;

/** `80/tcp`, with the addresses' group before it where it is not the balancer's own. */
function placeText(id: string): string {
  return id.startsWith('default|') ? id.slice('default|'.length) : id.replace('|', ' ');
}

const routeId = /^(.*?\|\d+\/[^|]*)\|([^|]*)\|(exact|prefix|stringPrefix|regex|rest|sni)\|(.*)\|([^|]*)$/s;

/** `80/tcp shop.test/api`, with how the path is compared where that is not by its parts. */
function routeText(id: string): string {
  const [whole, place = '', host = '', type = '', path = '', conditions = ''] = routeId.exec(id) ?? [];
  if (whole === undefined) return id;
  const how =
    { exact: ' (exact)', stringPrefix: '*', regex: ' (regex)', rest: ' (the rest)', sni: ' (TLS name)' }[type] ?? '';
  const gap = type === 'regex' ? ' ' : '';
  return `${placeText(place)} ${host === '' ? '*' : host}${gap}${path}${how}${conditions === '' ? '' : ' with conditions'}`;
}

function answerText(answer: Json): string {
  if (fieldText(answer, 'type') === 'fixed') return `answers ${fieldText(answer, 'status')}`;
  const [scheme, host, port, path] = ['scheme', 'host', 'port', 'path'].map((name) => fieldText(answer, name));
  const place = `${host ?? ''}${port ? `:${port}` : ''}${path ?? ''}`;
  return `redirects ${fieldText(answer, 'code')} to ${scheme ? `${scheme}://` : ''}${place}`;
}

function checkText(check: Json): string {
  const path = fieldText(check, 'path');
  const port = fieldText(check, 'port');
  const every = fieldText(check, 'intervalMs');
  return `${fieldText(check, 'type')}${path === '' ? '' : ` ${path}`}${port === '' ? '' : ` on port ${port}`}${every === '' ? '' : ` every ${ms(Number(every))}`}`;
}

function certText(sha256: string, { hosts, isDefault }: Attrs): string {
  const covered = listed(hosts ?? []);
  return `${covered === '' ? sha256.slice(0, 12) : covered}${isDefault === true ? ' (default)' : ''}`;
}

function names(value: Json, name: string): string {
  return Array.isArray(value) ? value.map((one: Json) => fieldText(one, name)).join(' ') : '';
}

function listed(value: Json): string {
  const items = Array.isArray(value) ? value.map((one: Json) => said(one)) : [];
  return items.length > 5 ? `${items.slice(0, 5).join(' ')} and ${items.length - 5} more` : items.join(' ');
}

function said(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
