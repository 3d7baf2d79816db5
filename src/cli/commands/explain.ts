import type { Command } from 'commander';
import { errors, isErrorCode, type State, suggestion, WeirError } from '../../model/index.ts';
import { type Explanation, explainService } from '../../serve/explanation.ts';
import { fetchExplanation, fetchState } from '../api-client.ts';
import type { CommandContext } from '../deps.ts';
import { exit } from '../exit.ts';
import { findRunning } from '../find-running.ts';
import { interruptible } from '../interrupt.ts';
import { json } from '../json-lines.ts';
import { loadFor, withApp } from '../open-app.ts';
import { placeProblems } from '../place-problems.ts';
import { say } from '../say.ts';
import { addShared, outputOption, readOutput, readShared } from '../shared-options.ts';
import { codeDetails, codeText, explanationText } from '../text/index.ts';
import { some } from '../text/words.ts';

/** `weir explain SERVICE|CODE`: an error code from the table; a service from files (-f), else from the running weir. */
export function addExplain(program: Command, context: CommandContext): void {
  const command = addShared(program.command('explain'), {
    files: 'one each',
    settings: ['api.listen', 'api.tokenFile', 'instance'],
  })
    .description('why a service is as it is, or what an error code means')
    .argument('<service|code>', 'namespace/name of a service, or a code such as E_PORT_TAKEN')
    .addOption(outputOption())
    .option('--api <url>', 'the running weir (default: api.listen of the configuration)')
    .action(async (name: string) => {
      if (/^[EW]_[A-Z0-9_]+$/i.test(name)) explainCode(name.toUpperCase(), command, context);
      else await explain(name, command, context);
    });
}

function explainCode(code: string, command: Command, { io }: CommandContext): void {
  if (!isErrorCode(code)) {
    throw new WeirError('E_USAGE', `there is no code ${code}${suggestion(code, Object.keys(errors))}`);
  }
  if (readOutput(command) === 'json') json(io, { code, ...errors[code], ...codeDetails.get(code) });
  else say(io, (paint) => codeText(code, paint));
}

async function explain(name: string, command: Command, context: CommandContext): Promise<void> {
  const { io } = context;
  const { files, cluster } = readShared(command).quick;
  const live = files.length === 0 && cluster === undefined;
  const ended = await interruptible(
    io,
    async (signal) => {
      const told = live ? await fromRunning(name, command, context) : undefined;
      return { live: told !== undefined, told: told ?? (await fromFiles(name, command, context, signal)) };
    },
    'interrupted\n',
  );
  if (!('value' in ended)) return context.finish(exit.interrupted);
  const { told, live: running } = ended.value;
  const placed = { ...told, problems: await placeProblems(io, told.problems) };
  if (readOutput(command) === 'json') json(io, placed);
  else say(io, (paint) => explanationText(placed, running, io.now(), paint));
}

async function fromFiles(
  asked: string,
  command: Command,
  context: CommandContext,
  signal: AbortSignal,
): Promise<Explanation> {
  const loaded = await loadFor(command, context, { provider: 'haproxy' });
  return withApp(loaded, context, {}, async (app) => {
    const report = await app.render(signal);
    const state = app.state();
    const known = [...app.services().map(({ id }) => id), ...namesOf(state)];
    const name = meant(asked, known) ?? asked;
    const told = explainService(name, app.services(), state);
    if (told === undefined) throw unknownService(name, known);
    const problems = report.problems.filter(({ service }) => service === name);
    const balancers = report.services.find(({ id }) => id === name)?.balancers;
    return { ...told, problems, balancers: balancers ?? told.balancers };
  });
}

/** Undefined when no weir runs where nobody asked for one by name, and a configuration says what there would be to explain. */
async function fromRunning(name: string, command: Command, context: CommandContext): Promise<Explanation | undefined> {
  const { api, loaded } = await findRunning(command, context);
  try {
    const told = await fetchExplanation(api, name);
    if (told !== undefined) return told;
    const known = namesOf(await fetchState(api));
    const full = meant(name, known);
    const other = full === undefined ? undefined : await fetchExplanation(api, full);
    if (other === undefined) throw unknownService(name, known);
    return other;
  } catch (error) {
    const absent = error instanceof WeirError && error.code === 'E_NOT_RUNNING' && command.opts().api === undefined;
    if (!absent || loaded === undefined || loaded.config.sources.length === 0) throw error;
    context.io.err('no weir runs here: explained from the configuration\n');
    return undefined;
  }
}

function namesOf({ services, problems }: State): readonly string[] {
  return [...new Set([...services.map(({ id }) => id), ...problems.flatMap(({ service }) => service ?? [])])];
}

/** `shop/web` for `ingress/shop/web`, `web` for both, where only one service ends so. */
function meant(name: string, known: readonly string[]): string | undefined {
  if (known.includes(name)) return name;
  const [only, second] = endingIn(name, known);
  return second === undefined ? only : undefined;
}

function endingIn(name: string, known: readonly string[]): readonly string[] {
  return [...new Set(known)].filter((id) => id.toLowerCase().endsWith(`/${name.toLowerCase()}`));
}

function unknownService(name: string, all: readonly string[]): WeirError {
  const several = endingIn(name, all);
  if (several.length > 1)
    return new WeirError('E_USAGE', `${JSON.stringify(name)} may be ${some(several, 20)}: give the whole name`);
  const known = [...new Set(all)];
  const near = suggestion(name, known);
  const list = near === '' && known.length > 0 && known.length <= 20 ? `; known: ${known.join(', ')}` : near;
  return new WeirError('E_USAGE', `no source has a service ${JSON.stringify(name)}${list}`);
}
