/** HAProxy loads a map when a line names it: the layout has no other, for an audit would miss it in the process for ever. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ExportedService } from '../../../src/model/index.ts';
import { cert, http, https, route, service, tcp } from '../../front/make-service.ts';
import { build } from './build.ts';

const passed = (hosts: readonly string[], port = 443): ExportedService =>
  service('s/passed', [
    {
      key: 'tls',
      port,
      protocol: 'tls',
      tls: { mode: 'passthrough', certs: [] },
      routes: [{ hosts, filters: [], action: { type: 'forward', to: [{ backend: 'web', weight: 1 }] }, order: 0 }],
    },
  ]);
const ended = service('s/ended', [https([route(['a.test'])], [cert('f'.repeat(64), ['a.test'])])]);
const json = { log: 'stdout', logFormat: 'json' };

const cases: Readonly<Record<string, { readonly services: readonly ExportedService[]; readonly options?: object }>> = {
  nothing: { services: [], options: json },
  HTTP: { services: [service('s/a', [http([route(['a.test'])])])] },
  'passed through beside HTTPS': { services: [ended, passed(['b.test'])] },
  'passed through alone, behind trusted proxies': {
    services: [passed(['b.test'])],
    options: { trustedProxies: ['10.0.0.0/8'], ...json },
  },
  'ranges of a backend that does not exist': {
    services: [
      service('s/a', [
        http([
          route(['a.test'], undefined, {
            filters: [{ type: 'sourceRanges', allow: ['10.0.0.0/8'] }],
            action: { type: 'forward', to: [{ backend: 'none', weight: 1 }] },
          }),
        ]),
      ]),
    ],
  },
  TCP: { services: [service('s/t', [tcp(5432, { sourceRanges: ['10.0.0.0/8'] })])], options: json },
};

describe('maps', () => {
  for (const [name, { services, options }] of Object.entries(cases)) {
    test(`${name}: a line names each map, and there is each map that a line names`, () => {
      const { layout } = build(services, options === undefined ? {} : { options: { ...options } });
      const lines = layout.sections.flatMap((section) => section.lines).join('\n');
      const named = new Set(lines.match(/maps\/[\w.-]+/g));
      assert.deepEqual([...layout.maps.keys()].sort(), [...named].sort());
    });
  }
});
