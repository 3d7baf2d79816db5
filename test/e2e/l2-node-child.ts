/** A node that announces, as a process of its own: options as JSON in the first argument, orders as lines on stdin, news as lines on stdout. */
import { createInterface } from 'node:readline';
import type { News } from '../../providers/l2/options.ts';
import { startSpeaker } from '../../providers/l2/speaker.ts';

const tell = (news: News | { kind: 'stalled' }) => process.stdout.write(`${JSON.stringify(news)}\n`);
const speaker = startSpeaker(JSON.parse(process.argv[2] ?? ''), tell);

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  if (order.kind === 'stall') {
    const until = performance.now() + order.ms;
    while (performance.now() < until);
    tell({ kind: 'stalled' });
  } else if (order.kind === 'close') {
    await speaker.close(order.how);
    process.exit(0);
  } else speaker.order(order);
}
