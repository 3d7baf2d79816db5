/**
 * A client on the virtual LAN, run as a program in its namespace: a request each few milliseconds, each on a connection of its own, until
 * its stdin ends; then it prints how each went. `l2-client.ts VIP PORT GAP_MS`. It is the back end, too.
 */
import { createServer, get } from 'node:http';
import type { Asked } from './l2-weirs.ts';

const [vip = '', port = '80', gap = '5'] = process.argv.slice(2);
const now = () => Number(process.hrtime.bigint()) / 1e6;
const requests: Asked['requests'][number][] = [];
const lateMs = 2000;

const server = createServer((_, response) => response.end('here\n'));
server.on('error', () => {});
await new Promise((resolve) => {
  server.once('listening', resolve).once('error', resolve);
  server.listen(9000, '10.77.0.20');
});

let asking = 0;
function ask(): void {
  const at = now();
  asking += 1;
  const done = (error?: string) => {
    asking -= 1;
    requests.push({ at, ms: now() - at, ...(error === undefined ? {} : { error }) });
  };
  const request = get({ host: vip, port: Number(port), agent: false, timeout: lateMs }, (response) => {
    response.resume();
    response.on('end', () => done(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
    response.on('error', (error) => done(error.message));
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', (error) => done(error.message));
}

const timer = vip === '-' ? undefined : setInterval(ask, Number(gap));
process.stdout.write('ready\n');
process.stdin.on('end', async () => {
  clearInterval(timer);
  while (asking > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  process.stdout.write(JSON.stringify({ requests: requests.sort((a, b) => a.at - b.at) }), () => process.exit());
});
process.stdin.resume();
