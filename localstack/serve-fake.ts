/** The strict fake of weir's own tests as a server, seeded: `npm run -s aws:fake -- [PORT]`. Ctrl-C ends it. */
import { FakeAws } from '../test/fakes/aws/index.ts';
import { seedAccount } from './seed.ts';

const usage = `weir's strict fake of AWS, seeded with cluster 'test', on loopback until Ctrl-C; prints the ids as JSON.

  npm run -s aws:fake -- [PORT]    4566 if not given
`;
if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(usage);
  process.exit(0);
}
const port = Number(process.argv[2] ?? 4566);
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write(`fake  the port must be a number up to 65535, not '${process.argv[2]}'\n`);
  process.exit(2);
}
const aws = new FakeAws({ timings: { loadBalancer: { ms: 5000 }, target: { ms: 3000 }, interfaces: { ms: 3000 } } });
const server = await aws.listen(port);
const seeded = await seedAccount(aws.client(server.url));
process.stdout.write(`${JSON.stringify(seeded, null, 2)}\n`);
process.stderr.write(`fake  listens on ${server.url} (region ${aws.world.region}, any credentials)\n`);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
