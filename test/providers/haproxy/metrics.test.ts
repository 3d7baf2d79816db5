import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { metrics } from '../../../providers/haproxy/metrics.ts';
import { createMetrics } from '../../../src/serve/metrics.ts';

test('every metric that is counted has its help text, and no other', () => {
  const folder = join(import.meta.dirname, '../../../providers/haproxy');
  const counted = globSync('*.ts', { cwd: folder, exclude: ['metrics.ts'] }).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/'(weir_haproxy_[a-z_]+)'/g)].map(([, name = '']) => name),
  );
  assert.deepEqual([...new Set(counted)].sort(), Object.keys(metrics).sort());
});

test('the text for Prometheus has it', async () => {
  const served = createMetrics('0', assert.fail);
  served.describe?.(metrics);
  served.count('weir_haproxy_deaths_total');
  assert.match(await served.text(), /^# HELP weir_haproxy_deaths_total Ends of HAProxy that nobody asked for\.$/m);
});
