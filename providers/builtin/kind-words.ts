/** How plans tell backends, listeners and routes to people. Values of headers are not told: they may be secret. Pure. */
import { fieldText, filtersText } from '../../src/model/filter-words.ts';
import type { Json, KindWords, SetWords } from '../../src/model/index.ts';

const share: SetWords = { word: 'to' };
const action = { word: '', text: actionText } as const;
const ranges = { word: 'lets in', text: listed } as const;

const backend: KindWords = {
  attrs: {
    protocol: { word: '' },
    balance: { word: '', usual: 'roundrobin' },
    check: {
      word: 'check',
      text: (check) =>
        fieldText(check, 'type') === 'http' ? `http ${fieldText(check, 'path')}` : fieldText(check, 'type'),
    },
    drainMs: { word: 'drains for', text: (value) => `${Number(value) / 1000} s` },
    maxConnections: { word: 'at most', text: (value) => `${String(value)} connections a target` },
  },
  sets: { targets: { word: 'targets' } },
};

const listener: KindWords = {
  name: placeText,
  attrs: {
    mode: { word: '', text: (mode, { tls }) => `${String(mode)}${tls === undefined ? '' : ' over TLS'}` },
    addresses: { word: 'on', usual: [], text: listed },
    sourceRanges: ranges,
    action,
  },
  refs: { backend: 'to' },
  sets: {
    certs: { word: 'certificates', member: (sha256, { hosts = [] }) => listed(hosts) || sha256.slice(0, 12) },
    forward: share,
  },
};

const route: KindWords = {
  name: routeText,
  attrs: {
    conditions: { word: 'only with', usual: {}, text: conditionsText },
    filters: { word: '', usual: [], text: filtersText },
    sourceRanges: ranges,
    action,
  },
  refs: { backend: 'to' },
  sets: { forward: share },
};

export const kindWords = { backend, listener, route } as const;

/** `80/tcp`, with the group before it where it is not the balancer's own. */
function placeText(id: string): string {
  return id.startsWith('default|') ? id.slice('default|'.length) : id.replace('|', ' ');
}

/** `80/tcp shop.test/api`, with how the path is compared where that is not by its parts. */
function routeText(id: string): string {
  const form = /^(.*?\|\d+\/[^|]*)\|([^|]*)\|(exact|prefix|stringPrefix|regex|default)\|(.*?)(\|[0-9a-f]{8})?$/s;
  const [whole, place = '', host = '', type = '', path = '', conditions = ''] = form.exec(id) ?? [];
  if (whole === undefined) return id;
  const how = { exact: ' (exact)', stringPrefix: '*', regex: ' (regex)', default: ' (the rest)' }[type] ?? '';
  return `${placeText(place)} ${host}${type === 'regex' ? ' ' : ''}${path}${how}${conditions === '' ? '' : ' with conditions'}`;
}

function conditionsText(value: Json): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return '';
  const told = Object.entries(value).map(([kind, list]) => {
    const items = Array.isArray(list)
      ? list.map((one: Json) => (typeof one === 'string' ? one : fieldText(one, 'name')))
      : [];
    return `${kind} ${listed(items)}`;
  });
  return told.join(', ');
}

function actionText(value: Json): string {
  if (fieldText(value, 'type') === 'fixed') return `answers ${fieldText(value, 'status')}`;
  const [scheme, host, port, path] = ['scheme', 'host', 'port', 'path'].map((name) => fieldText(value, name));
  return `redirects ${fieldText(value, 'code')} to ${scheme ? `${scheme}://` : ''}${host ?? ''}${port ? `:${port}` : ''}${path ?? ''}`;
}

function listed(value: Json): string {
  const items = Array.isArray(value) ? value.map(String) : [];
  return items.length > 5 ? `${items.slice(0, 5).join(' ')} and ${items.length - 5} more` : items.join(' ');
}
