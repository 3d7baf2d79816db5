import type { Command } from 'commander';
import type { CommandContext } from '../deps.ts';

/** `weir demo`: everything on loopback, nothing left behind. */
export function addDemo(program: Command, context: CommandContext): void {
  const command = program
    .command('demo')
    .description('try weir on this machine: back ends, services and traffic on loopback')
    .option('--check', 'unattended: play the script once, check everything, exit 0 or 1')
    .option('--vip', 'three machines that announce an address, in network namespaces (needs root)')
    .action(async () => {
      const demo = await context.deps.demo();
      context.finish(
        await demo({ check: command.opts().check === true, vip: command.opts().vip === true }, context.io),
      );
    });
}
