/** The one suite that every provider passes. A case is skipped only for what the provider's capabilities deny, with the reason; the matrix shows all. */
import { after, describe, it } from 'node:test';
import { cases } from './cases.ts';
import type { Harness } from './harness.ts';
import { Rig } from './rig.ts';

export function conformance(harness: Harness): void {
  const name = [harness.provider.name, harness.variant].filter(Boolean).join(', ');
  const results = new Map<string, string>();
  describe(`conformance of provider ${name}`, () => {
    for (const { title, denied, run } of cases) {
      const reason = denied?.(harness);
      results.set(title, reason === undefined ? 'FAILED' : `skipped: ${reason}`);
      it(title, { skip: reason ?? false }, async () => {
        const rig = await Rig.open(harness);
        try {
          await run(rig, harness);
          results.set(title, 'passed');
        } finally {
          await rig.close();
        }
      });
    }
    after(async () => {
      await harness.close?.();
      console.log(
        [`conformance ${name}`, ...[...results].map(([title, result]) => `  ${title.padEnd(34)} ${result}`)].join('\n'),
      );
    });
  });
}
