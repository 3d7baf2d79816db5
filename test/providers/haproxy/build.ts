/** From services to files on disk, for tests that let HAProxy read them. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { provider } from '../../../providers/haproxy/index.ts';
import type { Layout } from '../../../providers/haproxy/layout.ts';
import { layoutOf } from '../../../providers/haproxy/layout-of.ts';
import { type Options, optionsSchema } from '../../../providers/haproxy/options.ts';
import { userLines } from '../../../providers/haproxy/section-users.ts';
import { crtListText, mapText, textOf } from '../../../providers/haproxy/text.ts';
import { merge } from '../../../src/front/index.ts';
import type { ExportedService, ModelResult, Problem } from '../../../src/model/index.ts';
import { parseUsers } from '../../../src/net/index.ts';

export interface Built extends ModelResult {
  readonly layout: Layout;
  readonly options: Options;
}

export interface BuildOptions {
  readonly options?: Record<string, unknown>;
  readonly settings?: ReadonlyMap<string, unknown>;
}

/** Services through front, model and layout; problems of both stages together. */
export function build(
  services: readonly ExportedService[],
  { options: given = {}, settings }: BuildOptions = {},
): Built {
  const options = optionsSchema.parse(given);
  const merged = merge(services, provider.capabilities);
  const input = {
    balancer: 'default',
    node: 'n1',
    groups: merged.groups,
    nodes: [],
    environment: {},
    settings: settings ?? new Map(),
    present: [],
  };
  const { resources, problems } = provider.model(input, options);
  const told: readonly Problem[] = [...merged.problems, ...problems];
  return { resources, problems: told, layout: layoutOf(resources, options), options };
}

/** Writes everything that haproxy.cfg needs into a directory; `pem` answers the certificate of a hash. */
export function writeLayout(layout: Layout, dir: string, pem: (sha256: string) => string = () => ''): string {
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), path.endsWith('.ocsp') ? Buffer.from(text, 'base64') : text);
  };
  const config = join(dir, 'haproxy.cfg');
  const users = (sha256: string): readonly string[] => {
    const parsed = parseUsers(pem(sha256));
    return parsed.ok ? userLines(parsed.value) : [];
  };
  const place = { instance: 'test', balancer: 'default', socket: `${dir}/haproxy.sock` };
  write('haproxy.cfg', textOf(layout, place, users));
  for (const [path, map] of layout.maps) write(path, mapText(map));
  for (const [path, entries] of layout.crtLists) write(path, crtListText(entries));
  for (const [path, sha256] of layout.certs) write(path, pem(sha256));
  return config;
}

/** Fails with HAProxy's own words unless it takes the file. */
export async function checkConfig(config: string): Promise<void> {
  const said = await new Promise<{ failed: boolean; text: string }>((resolve) => {
    execFile('haproxy', ['-c', '-f', config], (error, stdout, stderr) => {
      resolve({ failed: error !== null, text: `${stdout}${stderr}` });
    });
  });
  assert.equal(said.failed, false, said.text);
  assert.doesNotMatch(said.text, /\[WARNING\]/, said.text);
}
