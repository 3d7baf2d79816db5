import type { Command } from 'commander';
import { parseDrain } from '../../app.ts';
import type { Loaded } from '../../config/index.ts';
import type { Log } from '../../model/index.ts';
import type { ServedMetrics } from '../../serve/index.ts';
import { adaptConfig } from '../adapt-config.ts';
import type { CommandContext } from '../deps.ts';
import { drainFirst } from '../drain-first.ts';
import { followConfig } from '../follow-config.ts';
import { interruptible } from '../interrupt.ts';
import { loadKinds } from '../load-kinds.ts';
import { loadFor, reload } from '../open-app.ts';
import { lineEvents, logEvents, textEvents } from '../run-events.ts';
import { createChanges, runInTurn } from '../run-in-turn.ts';
import { addShared, outputOption, readOutput } from '../shared-options.ts';
import { createStandingApp } from '../standing-app.ts';

const provider = { provider: 'runnable' } as const;

/** `weir run`: the controller with its probes, metrics, API and state page, until it is told to stop. */
export function addRun(program: Command, context: CommandContext): void {
  const command = addShared(program.command('run'))
    .description('run the controller')
    .addOption(outputOption(['text', 'jsonl']))
    .addHelpText('after', signals)
    .action(async () => {
      const loaded = await loadFor(command, context, provider);
      // Only here: the other commands shall not wait for an HTTP server and a log to load.
      const [{ createLog }, { createMetrics }] = await Promise.all([
        import('../log.ts'),
        import('../../serve/index.ts'),
      ]);
      const log = createLog(loaded.config.log, context.io);
      const metrics = createMetrics(context.deps.version, (message) => log.warn({}, message));
      await runCommand({ loaded, log, metrics, command }, context);
    });
}

const signals = `
A changed configuration file is used at once; SIGHUP reads it anew too, and the credentials of clusters.
One that cannot be used changes nothing.
SIGTERM and SIGINT stop weir after the current step.
`;

interface Running {
  readonly loaded: Loaded;
  readonly log: Log;
  readonly metrics: ServedMetrics;
  readonly command: Command;
}

async function runCommand(running: Running, { io, deps }: CommandContext): Promise<void> {
  const { loaded, log, metrics, command } = running;
  const open = (config: Loaded['config']) =>
    deps.open(config, { version: deps.version, log, metrics, onReread: (listener) => io.onHangUp(listener) });
  const { serveApp } = await import('../../serve/index.ts');
  const standing = createStandingApp(await open(loaded.config));
  let config = loaded.config;
  let kinds = await loadKinds(config, deps.providers);
  try {
    const served = await serveApp({
      app: standing,
      metrics,
      log,
      read: (path) => io.read(path),
      now: () => io.now(),
    });
    try {
      const { apiUrl: statePage, metricsUrl } = served;
      const people = isForPeople(running, io.terminal.err);
      const told =
        readOutput(command) === 'jsonl'
          ? lineEvents(io)
          : people
            ? textEvents(io, (balancer) => kinds(balancer))
            : logEvents(log);
      let runs = false;
      const begun = () => {
        // Apps with another configuration follow the first.
        if (runs) return;
        runs = true;
        log.info({ version: deps.version, config: loaded.file, statePage, metrics: metricsUrl }, 'weir runs');
      };
      const events = { ...told, begun };
      // Between log lines a line that is none would break whoever reads them.
      const notice = people ? 'stopping after the current step; once more: at once\n' : '';
      const changes = createChanges();
      const release = followConfig({
        io,
        log,
        metrics,
        file: loaded.file,
        read: () => reload(command, { io, deps, finish: () => undefined }, provider),
        async changed(next) {
          const adapted = adaptConfig(config, next.config);
          tellAdapted(adapted, next, log);
          if (!adapted.changed) return;
          // Opened before the old one is closed: what cannot be opened changes nothing.
          const app = await open(adapted.config);
          config = adapted.config;
          kinds = await loadKinds(config, deps.providers);
          changes.offer(app);
        },
      });
      try {
        const drained = {
          drainMs: () => parseDrain(config),
          begin: () => {
            log.info({ drain: config.drain }, 'weir leaves: clients are asked to connect anew');
            return standing.drain();
          },
        };
        const work = (signal: AbortSignal) =>
          runInTurn(standing, changes, { signal: drainFirst(signal, drained), events, log, io });
        await interruptible(io, work, notice);
      } finally {
        release();
      }
      log.info({ onExit: config.onExit }, 'weir stops');
    } finally {
      await served.close();
    }
  } finally {
    await standing.current.close(config.onExit === 'stop' ? 'withdraw' : 'leave');
  }
}

function isForPeople({ loaded }: Running, terminal: boolean): boolean {
  const { format } = loaded.config.log;
  return format === 'text' || (format === 'auto' && terminal);
}

function tellAdapted({ changed, waiting, left }: ReturnType<typeof adaptConfig>, { file }: Loaded, log: Log): void {
  if (changed) log.warn({ file }, `${file} changed: it is used from now on`);
  if (waiting.length > 0)
    log.warn({ file, settings: waiting }, `${file} changed: restart weir to use what it says of ${waiting.join(', ')}`);
  for (const balancer of left) {
    log.warn(
      { file, balancer },
      `balancer ${balancer} is no longer in ${file}: what it made goes on as it is; \`weir destroy\` with the earlier file removes it`,
    );
  }
}
