import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApplyReport } from '../model/index.ts';
import type { Runtime } from './runtime.ts';

/**
 * After a complete destroy nothing has to stay in force: what the sources wrote down of services goes, because it holds their keys and
 * the hashes of passwords. It stays while the state directory knows balancers that were not asked about; they may serve.
 */
export async function forget({ parts }: Runtime, report: ApplyReport): Promise<NonNullable<ApplyReport['left']>> {
  const { stateDir, balancers } = parts;
  const { failed, waiting = [], plan } = report;
  const whole = failed.length + waiting.length === 0 && plan.summary.refused === 0;
  const known = await readdir(join(stateDir, 'balancers')).catch(() => []);
  const others = known.filter((name) => !balancers.some((balancer) => balancer.name === name));
  const secret = join(stateDir, 'sources');
  if (whole && others.length === 0) await rm(secret, { recursive: true, force: true });
  const kept = await readdir(secret).catch(() => []);
  return { stateDir, secrets: kept.length > 0, others };
}
