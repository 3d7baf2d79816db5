import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileSource } from '../../../src/config/config.ts';
import type { Snapshot, Source } from '../../../src/model/source.ts';
import { type FileSourceOptions, openFileSource } from '../../../src/sources/file/index.ts';

/** A directory that is removed after the test. */
export async function temporary(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'weir-file-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

export function openSource(
  paths: readonly string[],
  options: FileSourceOptions = {},
  config: Record<string, unknown> = {},
): Source {
  return openFileSource(fileSource.parse({ type: 'file', paths: [...paths], ...config }), options);
}

export function readNow(source: Source): Promise<Snapshot> {
  return source.read(AbortSignal.timeout(20_000));
}

/** A service with one target, as YAML. */
export function web(name: string, target = '10.0.0.1:80', more = ''): string {
  return `name: ${name}\nhttp: [{ host: ${name.replace('/', '.')}.test }]\ntargets: ["${target}"]\n${more}`;
}

/** Of every service, its only target. */
export function targetsOf(snapshot: Snapshot): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    snapshot.services.map((service) => [
      service.id,
      Object.values(service.backends)[0]
        ?.targets.map(({ address, port }) => `${address}:${port}`)
        .join(' '),
    ]),
  );
}

export function codesOf(snapshot: Snapshot): readonly string[] {
  return snapshot.problems.map(({ code }) => code).sort();
}

/** Follows a source until the test ends; `until` waits for a snapshot that fulfils a condition, with no limit of its own but the runner's. */
export function follow(t: TestContext, source: Source) {
  const controller = new AbortController();
  const seen: Snapshot[] = [];
  let wake = (): void => undefined;
  const watching = source.watch(() => {
    void source.read(controller.signal).then((snapshot) => {
      seen.push(snapshot);
      wake();
    });
  }, controller.signal);
  const stop = async (): Promise<void> => {
    controller.abort();
    await watching;
  };
  t.after(stop);
  return {
    seen,
    stop,
    async until(condition: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
      for (;;) {
        const last = await source.read(controller.signal);
        if (condition(last)) return last;
        await new Promise<void>((resolve) => {
          wake = resolve;
          setTimeout(resolve, 50);
        });
      }
    },
  };
}
