import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { allRules, isRule } from '../../src/plan/rules.ts';
import { addTallies, checkMany, noPairs, type Tally } from './check-many.ts';

const jobSchema = z.object({ seed: z.number(), pairs: z.number(), mutant: z.string().optional() });

type Job = z.infer<typeof jobSchema>;

/** Checks pairs in several threads at once. */
export async function checkParallel(job: Job, workers: number): Promise<Tally> {
  const share = Math.ceil(job.pairs / workers);
  const parts = Array.from({ length: workers }, (_, i) => {
    const pairs = Math.min(share, job.pairs - i * share);
    return pairs > 0 ? runWorker({ ...job, seed: job.seed + i * share, pairs }) : noPairs;
  });
  return (await Promise.all(parts)).reduce(addTallies, noPairs);
}

function runWorker(job: Job): Promise<Tally> {
  const worker = new Worker(new URL(import.meta.url), { workerData: job });
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`a worker ended with ${code} and no answer`)));
  });
}

if (!isMainThread && parentPort !== null) {
  const { seed, pairs, mutant } = jobSchema.parse(workerData);
  const rules = mutant !== undefined && isRule(mutant) ? { ...allRules, [mutant]: false } : allRules;
  parentPort.postMessage(checkMany(seed, pairs, { rules }));
}
