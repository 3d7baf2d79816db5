/** A Dockerfile as far as the tests ask it: arguments of the whole, stages, their instructions. */
export interface Step {
  readonly word: string;
  /** One line, without comments. */
  readonly rest: string;
}

export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly steps: readonly Step[];
}

/** Throws on a stage without a name. */
export function readDockerfile(text: string): {
  readonly args: ReadonlyMap<string, string>;
  readonly stages: readonly Stage[];
} {
  const args = new Map<string, string>();
  const stages: { name: string; from: string; steps: Step[] }[] = [];
  for (const line of text
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')) {
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line.trim()) ?? [];
    const stage = stages.at(-1);
    if (word === 'FROM') {
      const [, from, name] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      if (from === undefined || name === undefined) throw new Error(`a stage needs a name: ${line}`);
      stages.push({ name, from, steps: [] });
    } else if (stage !== undefined && word !== '') stage.steps.push({ word, rest });
    else if (word === 'ARG') args.set(rest.split('=')[0] ?? '', rest.slice(rest.indexOf('=') + 1));
  }
  return { args, stages };
}
