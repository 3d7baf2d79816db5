/** A client in its namespace: `requests.ts ADDRESS PORT`: a request on a connection of its own each two milliseconds until stdin ends; prints how they went. */
import { get } from 'node:http';

export interface Requests {
  readonly done: number;
  readonly errors: readonly string[];
}

if (import.meta.main) {
  const [host = '', port = ''] = process.argv.slice(2);
  const errors: string[] = [];
  let [done, open] = [0, 0];
  const lateMs = 3000;
  const ask = () => {
    open += 1;
    const end = (error?: string) => {
      open -= 1;
      done += 1;
      if (error !== undefined) errors.push(error);
    };
    const request = get({ host, port: Number(port), agent: false, timeout: lateMs }, (response) => {
      response.on('error', (error) => end(error.message));
      response.on('end', () => end(response.statusCode === 200 ? undefined : `status ${response.statusCode}`));
      response.resume();
    });
    request.on('timeout', () => request.destroy(new Error('no answer in time')));
    request.on('error', (error) => end(error.message));
  };
  const timer = setInterval(ask, 2);
  process.stdin.on('end', () => {
    clearInterval(timer);
    const report: Requests = { done, errors };
    const finish = () => process.stdout.write(JSON.stringify({ ...report, done, errors }), () => process.exit());
    setInterval(() => open === 0 && finish(), 10);
  });
  process.stdin.resume();
  process.stdout.write('ready\n');
}
