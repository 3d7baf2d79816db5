/** `weir` without the gate: who has led once goes on writing. For the figure that must see it. */

import { openLeader } from '../../../src/app/open-leader.ts';
import { openApp } from '../../../src/app.ts';
import { processIo } from '../../../src/cli/process-io.ts';
import { runCommand } from '../../../src/cli/program.ts';
import { realDeps } from '../../../src/cli/real-deps.ts';

process.exitCode = await runCommand(process.argv.slice(2), processIo(), {
  ...realDeps,
  open: (config, deps) =>
    openApp(config, {
      ...deps,
      async openLeader(...args) {
        const leader = await openLeader(...args);
        if (leader === undefined) return undefined;
        return {
          start: (changed) => leader.start(changed),
          acquire: (signal) => leader.acquire(signal),
          leases: () => leader.leases(),
          problems: () => leader.problems(),
          close: () => leader.close(),
          join(balancer, system) {
            const term = leader.join(balancer, system);
            let led: string | undefined;
            return () => {
              led ??= term();
              return led;
            };
          },
        };
      },
    }),
});
