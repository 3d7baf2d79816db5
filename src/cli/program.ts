/** The command line: one program, its errors in one form, its exit codes. What is wanted and what is done is decided elsewhere. */
import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/index.ts';
import { errors, WeirError } from '../model/index.ts';
import { commands } from './commands/index.ts';
import type { CommandContext, Deps } from './deps.ts';
import { exit } from './exit.ts';
import type { Io } from './io.ts';
import { tell, tellProblems } from './say.ts';

const examples = `Examples:
  weir demo                                      see it work on this machine
  weir plan -f services.yaml --provider haproxy  what would change, without a configuration
  weir run -c weir.yaml                          the controller
  weir explain shop/web                          why a service is as it is
`;

const codes = `Exit codes: 0 done, 1 error or invalid input, 2 wrong usage, 3 applied in part, 130 interrupted.
`;

/** Runs one command line (without node and script) and answers its exit code. Never throws. */
export async function runCommand(argv: readonly string[], io: Io, deps: Deps): Promise<number> {
  let code: number = exit.done;
  const finish = (ended: number) => {
    code = ended;
  };
  const program = buildProgram({ io, deps, finish });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    return tellError(error, helpHint(argv, program), io);
  }
}

function buildProgram(context: CommandContext): Command {
  const { io, deps } = context;
  const program = new Command('weir')
    .description('One controller for every load balancer: exported services in, planned and lossless changes out.')
    .version(deps.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this')
    .addHelpText('before', examples)
    .addHelpText('after', `\n${codes}`)
    .exitOverride()
    // Errors are printed by tellError, in the one form that all have.
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: () => undefined,
    });
  for (const addCommand of commands) addCommand(program, context);
  return program;
}

async function tellError(error: unknown, help: string, io: Io): Promise<number> {
  if (error instanceof CommanderError) return tellUsage(error, help, io);
  if (error instanceof ConfigError) {
    await tellProblems(io, error.problems);
    return error.problems.some(({ source }) => source.startsWith('--')) ? exit.usage : exit.error;
  }
  if (error instanceof WeirError) {
    const usage = error.code === 'E_USAGE';
    const hint = usage ? help : `  ${error.hint}   weir explain ${error.code}`;
    tell(io, (paint) => `${paint.bad(`error[${error.code}]`)} ${error.message}\n${paint.weak(hint)}\n`);
    return usage ? exit.usage : exit.error;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  tell(io, (paint) => `${paint.bad('error[E_BUG]')} ${text}\n${paint.weak(`  ${errors.E_BUG.hint}`)}\n`);
  return exit.error;
}

function tellUsage(error: CommanderError, help: string, io: Io): number {
  if (error.exitCode === 0) return exit.done;
  // Help that was printed because no command was given has said everything.
  if (error.code === 'commander.help') return exit.usage;
  const text = error.message.replace(/^error: /, '').replace(/\n\(Did you mean (.*)\?\)$/s, '; did you mean $1?');
  tell(io, (paint) => `${paint.bad('error[E_USAGE]')} ${text}\n${paint.weak(help)}\n`);
  return exit.usage;
}

/** The help of the command that was meant. Names come first: what stands in front of them can only be an option of `weir` itself. */
function helpHint(argv: readonly string[], program: Command): string {
  const name = argv.find((word) => !word.startsWith('-'));
  const known = program.commands.some((command) => command.name() === name);
  return known ? `  See \`weir ${name} --help\`.` : '  See `weir --help`.';
}
