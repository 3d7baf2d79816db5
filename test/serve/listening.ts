import { request } from 'node:http';
import type { TestContext } from 'node:test';
import type { App, Readiness } from '../../src/app.ts';
import { type Config, configSchema } from '../../src/config/index.ts';
import type { State } from '../../src/model/index.ts';
import { createMetrics, type Served, serveApp } from '../../src/serve/index.ts';
import { fakeDeps } from '../cli/fake-app.ts';

export interface World {
  readonly config?: object;
  readonly files?: Readonly<Record<string, string>>;
  readonly state?: () => State;
  readonly readiness?: () => Readiness;
  readonly now?: () => number;
  readonly onChange?: App['onChange'];
}

/** Both listeners around a fake app on free loopback ports; closed with the test. */
export async function listening(t: TestContext, world: World = {}): Promise<Served> {
  const config: Config = configSchema.parse({
    api: { listen: '127.0.0.1:0' },
    metrics: { listen: '127.0.0.1:0' },
    ...world.config,
  });
  const parts: Partial<App> = {
    ...(world.state === undefined ? {} : { state: world.state }),
    ...(world.readiness === undefined ? {} : { readiness: world.readiness }),
    ...(world.onChange === undefined ? {} : { onChange: world.onChange }),
  };
  const app = await fakeDeps(parts).deps.open(config);
  const served = await serveApp({
    app,
    metrics: createMetrics('9.9.9', (message) => {
      throw new Error(message);
    }),
    log: {
      error: (_fields, message) => {
        throw new Error(message);
      },
    },
    read: async (path) => world.files?.[path],
    now: world.now ?? (() => 1_800_000_000_000),
  });
  t.after(() => served.close());
  return served;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** One request with exactly these headers: fetch would not let a test choose Host. */
export function ask(
  url: string | undefined,
  options: { readonly method?: string; readonly headers?: Record<string, string>; readonly body?: string } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise((resolve, reject) => {
    const sent = request(url ?? '', { method, headers: { connection: 'close', ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
