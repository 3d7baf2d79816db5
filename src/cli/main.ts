/** The `weir` program: guards the version of Node, then runs one command. Nothing else may be loaded before the guard. */
import { refuseNode } from './node-version.ts';

async function main(): Promise<void> {
  const refused = refuseNode(process.versions.node);
  if (refused !== undefined) {
    process.stderr.write(refused);
    process.exit(1);
  }
  // A reader that has had enough (`| head`) is no error, and a controller outlives whoever read its log, a closed terminal too.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error) => {
      if (!('code' in error && (error.code === 'EPIPE' || error.code === 'EIO'))) throw error;
    });
  }
  // Behind the guard: an old Node could not even load these.
  const [{ keepHeapSmall }, { runCommand }, { processIo }, { realDeps }] = await Promise.all([
    import('./keep-heap-small.ts'),
    import('./program.ts'),
    import('./process-io.ts'),
    import('./real-deps.ts'),
  ]);
  keepHeapSmall();
  const code = await runCommand(process.argv.slice(2), processIo(), realDeps);
  // Everything written to a pipe must be out before the end; what still keeps the loop alive has no more to say.
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

await main();
