import { z } from 'zod';
import type { App } from '../../src/app.ts';
import type { Deps } from '../../src/cli/deps.ts';
import type { Config } from '../../src/config/index.ts';
import type {
  ApplyReport,
  ExportedService,
  PlanReport,
  Problem,
  RenderReport,
  ServiceState,
  State,
  Step,
} from '../../src/model/index.ts';

const unimplemented = async () => {
  throw new Error('this test does not expect the call');
};

export const service: ExportedService = {
  id: 'shop/web',
  origin: { source: 'files', kind: 'Service', namespace: 'shop', name: 'web', labels: {}, file: 'shop.yaml', line: 3 },
  groups: [],
  fronts: [
    {
      key: 'http',
      port: 80,
      protocol: 'http',
      routes: [
        {
          hosts: ['shop.example'],
          path: { type: 'prefix', value: '/cart' },
          filters: [],
          action: { type: 'forward', to: [{ backend: 'web', weight: 1 }] },
          order: 0,
        },
      ],
      default: { type: 'redirect', code: 301, scheme: 'https' },
    },
  ],
  backends: {
    web: {
      targets: [
        { address: '10.0.0.7', port: 8080, weight: 1, state: 'ready', pod: 'web-1', node: 'n1' },
        { address: '2001:db8::7', port: 8080, weight: 1, state: 'ready' },
      ],
      targetKind: 'ip',
      protocol: 'http',
      balance: 'roundrobin',
    },
  },
  settings: { haproxy: { timeouts: { client: '30s' } } },
  settingsOrigin: { 'haproxy.timeouts': 'annotation weir-lb.dev/timeout' },
};

export const serviceState: ServiceState = {
  id: 'shop/web',
  kind: 'Service',
  source: 'files',
  balancers: ['default'],
  reports: [
    {
      balancer: 'default',
      service: 'shop/web',
      addresses: [{ ip: '127.0.0.1', ports: [80] }],
      conditions: [{ type: 'Healthy', status: false, reason: 'SomeDown', message: '1 of 2 targets serves' }],
      targets: [
        { key: '10.0.0.7:8080', health: 'ready' },
        { key: '[2001:db8::7]:8080', health: 'unhealthy', reason: 'connection refused' },
      ],
    },
  ],
  targets: { ready: 1, total: 2 },
  health: 'degraded',
  reason: 'connection refused',
  problems: [],
};

export const state: State = {
  version: '9.9.9',
  instance: 'here',
  startedMs: 1_799_999_000_000,
  inSync: false,
  sources: [{ name: 'files', synced: true, services: 1, lastReadMs: 1_799_999_900_000 }],
  balancers: [
    {
      name: 'default',
      provider: 'haproxy',
      objects: 4,
      units: [
        {
          balancer: 'default',
          unit: 'default@here',
          state: 'failed',
          message: 'a gate',
          code: 'E_GATE_DEADLINE',
          sinceMs: 1,
        },
      ],
    },
  ],
  services: [serviceState, { ...serviceState, id: 'a/ok', health: 'ok', reason: '', targets: { ready: 2, total: 2 } }],
  problems: [],
  incomplete: [],
  plans: [],
};

export const problem: Problem = {
  code: 'E_PORT',
  severity: 'error',
  source: 'shop.yaml#1',
  service: 'shop/web',
  field: 'ports[0].port',
  value: '70000',
  message: 'must be a whole number from 1 to 65535',
  file: 'shop.yaml',
  line: 2,
  column: 9,
};

export function step(fields: Partial<Step> & Pick<Step, 'n' | 'op' | 'kind' | 'id'>): Step {
  return { unit: 'u', why: '', serves: [], after: [], ...fields };
}

export const emptyPlan: PlanReport = {
  units: [],
  problems: [],
  incomplete: [],
  summary: {
    create: 0,
    update: 0,
    replace: 0,
    delete: 0,
    release: 0,
    gaps: 0,
    risks: 0,
    refused: 0,
    unchanged: 3,
    steps: 0,
    calls: {},
  },
};

export const smallPlan: PlanReport = {
  ...emptyPlan,
  units: [
    {
      balancer: 'default',
      unit: 'u',
      steps: [
        step({
          n: 1,
          op: 'create',
          kind: 'Backend',
          id: 'web',
          why: 'wanted',
          sets: { servers: [['a', { attrs: {} }]] },
        }),
        step({ n: 2, op: 'delete', kind: 'Backend', id: 'old', why: 'not wanted', gap: ['shop/old'] }),
      ],
      refused: [{ kind: 'Frontend', id: 'x', unit: 'u', op: 'delete', why: 'foreign', by: 'Frontend x', services: [] }],
    },
  ],
  summary: {
    create: 1,
    update: 0,
    replace: 0,
    delete: 1,
    release: 0,
    gaps: 1,
    risks: 0,
    refused: 1,
    unchanged: 3,
    steps: 2,
    calls: { reload: 2 },
  },
};

export const applied: ApplyReport = { plan: emptyPlan, results: [], failed: [] };

export const rendered: RenderReport = {
  balancers: [
    {
      name: 'default',
      provider: 'haproxy',
      resources: [],
      files: [
        { path: 'haproxy.cfg', content: 'global\n' },
        { path: 'certs/ab.pem', secret: true, sha256: 'ab' },
      ],
    },
  ],
  services: [{ id: 'shop/web', balancers: ['default'], addresses: [], problems: 0 }],
  problems: [],
};

/** Deps around a fake app; `opened` collects the configurations and `closed` the ways in which it was closed. */
export function fakeDeps(parts: Partial<App> = {}) {
  const opened: Config[] = [];
  const closed: string[] = [];
  const options = z.strictObject({ binary: z.string().describe('Program.').optional() });
  const deps: Deps = {
    version: '9.9.9',
    open: async (config) => {
      opened.push(config);
      return {
        config,
        render: unimplemented,
        validate: unimplemented,
        plan: unimplemented,
        apply: unimplemented,
        destroy: unimplemented,
        planDestroy: unimplemented,
        run: unimplemented,
        state: () => state,
        services: () => [service],
        skipped: () => ({}),
        leavesPools: () => false,
        readiness: () => ({ synced: true, planned: true, turnEveryMs: 60_000, waitingFor: [] }),
        drain: async () => undefined,
        onChange: () => () => undefined,
        close: async (how) => {
          closed.push(how);
        },
        ...parts,
      };
    },
    providers: {
      names: ['haproxy', 'builtin'],
      schemas: async (name) =>
        ['haproxy', 'builtin'].includes(name)
          ? {
              options,
              serviceOptions: z.strictObject({}),
              environment: z.strictObject({ version: z.string().optional() }),
              capabilities: name === 'builtin' ? { whileRunning: true } : {},
            }
          : undefined,
    },
    services: async () => z.strictObject({ name: z.string() }),
    annotations: async () => '| annotation |',
    demo: async () => async (given) => (given.check ? 7 : 8),
  };
  return { deps, opened, closed };
}
