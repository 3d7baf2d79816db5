import type { Command } from 'commander';
import type { App } from '../../app.ts';
import type { Loaded } from '../../config/index.ts';
import type { Log } from '../../model/index.ts';
import type { ServedMetrics } from '../../serve/index.ts';
import type { CommandContext } from '../deps.ts';
import { interruptible } from '../interrupt.ts';
import { loadFor, withApp } from '../open-app.ts';
import { lineEvents, logEvents, textEvents } from '../run-events.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';

/** `weir run`: the controller with its probes, metrics, API and state page, until it is told to stop. */
export function addRun(program: Command, context: CommandContext): void {
  const command = addShared(program.command('run'))
    .description('run the controller')
    .addOption(outputOption(['text', 'jsonl']))
    .action(async () => {
      const loaded = await loadFor(command, context, { provider: 'runnable' });
      // Only here: the other commands shall not wait for an HTTP server and a log to load.
      const [{ createLog }, { createMetrics }] = await Promise.all([
        import('../log.ts'),
        import('../../serve/index.ts'),
      ]);
      const log = createLog(loaded.config.log, context.io);
      const metrics = createMetrics(context.deps.version, (message) => log.warn({}, message));
      metrics.set('weir_config_valid', 1);
      const how = () => (loaded.config.onExit === 'stop' ? 'withdraw' : 'leave');
      await withApp(
        loaded,
        context,
        { log, metrics },
        (app) => run(app, { loaded, log, metrics, command }, context),
        how,
      );
    });
}

interface Running {
  readonly loaded: Loaded;
  readonly log: Log;
  readonly metrics: ServedMetrics;
  readonly command: Command;
}

async function run(app: App, { loaded, log, metrics, command }: Running, { io, deps }: CommandContext): Promise<void> {
  const { serveApp } = await import('../../serve/index.ts');
  const served = await serveApp({ app, metrics, log, read: (path) => io.read(path), now: () => io.now() });
  try {
    log.info(
      { version: deps.version, config: loaded.file, statePage: served.apiUrl, metrics: served.metricsUrl },
      'weir runs',
    );
    const { format } = loaded.config.log;
    const people = format === 'text' || (format === 'auto' && io.terminal.err);
    const events = readOutput(command) === 'jsonl' ? lineEvents(io) : people ? textEvents(io) : logEvents(log);
    // Between log lines a line that is none would break whoever reads them.
    const notice = people ? 'stopping after the current step; once more: at once\n' : '';
    await interruptible(io, (signal) => app.run(signal, events), notice);
    log.info({ onExit: loaded.config.onExit }, 'weir stops');
  } finally {
    await served.close();
  }
}
