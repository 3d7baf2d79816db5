/** Commands that the running HAProxy does not have, or not for us: found out once; from then on what needs them comes by a reload at once. */
import { WeirError } from '../../src/model/index.ts';
import type { RuntimeStep } from './diff.ts';

/** HAProxy answered that it does not know a command, or does not take it from us. */
export class MissingCommand extends WeirError {
  readonly line: string;

  constructor(line: string, answer: string) {
    const [first = ''] = answer.split('\n', 1);
    super('E_HAPROXY_COMMAND', `"${line}" was answered with ${JSON.stringify(first.slice(0, 100))}`);
    this.line = line;
  }
}

/** Whether an answer says that the command can never work with this process. */
export function saysMissing(answer: string): boolean {
  return /^(?:Unknown command|Permission denied)/i.test(answer);
}

/** The commands that carry out a step. */
function verbsOf(step: RuntimeStep): readonly string[] {
  switch (step.do) {
    case 'add backend':
    case 'publish backend':
      return [step.do];
    case 'add server':
      return [
        ...['add server', 'enable server'],
        ...(step.server.checked ? ['enable health'] : []),
        ...(step.cookieKey === undefined ? [] : ['set dynamic-cookie-key']),
      ];
    case 'set weight':
    case 'remove server':
      return ['set server'];
    case 'load certificate':
      return [...(step.fresh ? ['new ssl cert'] : []), 'set ssl cert', 'commit ssl cert'];
    case 'drop certificate':
      return ['del ssl cert'];
    case 'add to list':
      return ['add ssl crt-list'];
    case 'remove from list':
      return ['del ssl crt-list'];
    case 'add keys':
      return ['add map'];
    case 'set keys':
      return ['set map'];
    case 'remove keys':
      return ['del map'];
    case 'replace map':
      return ['prepare map', 'add map', 'commit map'];
    default:
      return [];
  }
}

export class MissingCommands {
  readonly #verbs = new Set<string>();

  /** Takes what a refusal teaches about these steps; answers the command when it was not known yet. */
  learn(error: MissingCommand, steps: readonly RuntimeStep[]): string | undefined {
    const verb = steps.flatMap(verbsOf).find((known) => error.line.startsWith(`${known} `));
    if (verb === undefined || this.#verbs.has(verb)) return undefined;
    this.#verbs.add(verb);
    return verb;
  }

  /** Whether any of the steps would be refused. */
  stop(steps: readonly RuntimeStep[]): boolean {
    return this.#verbs.size > 0 && steps.some((step) => verbsOf(step).some((verb) => this.#verbs.has(verb)));
  }

  /** Whether a command was refused before. */
  has(verb: string): boolean {
    return this.#verbs.has(verb);
  }

  /** Another process may know more. */
  clear(): void {
    this.#verbs.clear();
  }
}
