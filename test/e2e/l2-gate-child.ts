/** The gates of a namespace, for tests: orders as lines on stdin, `[number, name, …words]`; answers `[number, answer]` and news `[0, news]` as lines on stdout. */
import { createInterface } from 'node:readline';
import { KernelGate } from '../../providers/l2/kernel/kernel-gate.ts';
import { openGates } from '../../providers/l2/kernel/open-gates.ts';
import { runProgram } from '../../providers/l2/kernel/run-program.ts';

const say = (id: number, what: unknown) => process.stdout.write(`${JSON.stringify([id, what])}\n`);
const gates = await openGates(1000, (error) => say(0, { kind: 'hung', error }));
const make = () =>
  new KernelGate({
    ...gates,
    look: (args) => runProgram('nft', args),
    shape: {
      pools: [
        { first: '10.77.0.100', last: '10.77.0.199' },
        { first: 'fd09::100', last: 'fd09::1ff' },
      ],
      interfaces: ['eth0'],
      bound: [],
    },
    tell: (news) => say(0, news),
  });
let gate = make();

for await (const line of createInterface({ input: process.stdin })) {
  const [id, name, ...words] = JSON.parse(line);
  const work = (): Promise<unknown> => {
    if (name === 'apply') return gate.apply(words[0], words[1]);
    if (name === 'watch') gate.watch();
    if (name === 'anew') gate = make();
    if (name === 'answered')
      return Promise.resolve(Object.fromEntries(gates.reader.answered(words[0], ['ipv4', 'ipv6'])));
    return name === 'destroy' ? gate.destroy() : Promise.resolve(gates.session.pid);
  };
  void work().then((answer) => say(id, answer ?? null));
}
await gates.close();
process.exit();
