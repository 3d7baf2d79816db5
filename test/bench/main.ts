/**
 * `npm run -s bench -- NAME`: measures every figure whose name starts with NAME. One JSON object a line on stdout, the rest on stderr.
 * Areas are the modules of this folder that export `figures` and `run`.
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, Figure, FigureSpec } from './figure.ts';

const usage = `usage: npm run -s bench -- [NAME] [--list] [--raw DIR] [--break FAULT]
  NAME          prefix of the figures, e.g. planner or haproxy.change_ms; absent: all
  --list        names of all figures with unit and limit, and of all faults
  --raw DIR     keep the raw events there
  --break FAULT plant this fault: the figure must fail
`;

interface Area extends Bench {
  readonly name: string;
  readonly specs: readonly FigureSpec[];
}

/** Runs the command line; answers the exit code: 0 every limit kept, 1 one broken or a failure, 2 wrong usage. */
export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse(argv);
  if (positionals.length > 1) throw new Usage('one NAME at most');
  const prefix = positionals[0] ?? '';
  const areas = await loadAreas();
  if (values.list === true) {
    list(areas);
    return 0;
  }
  const wanted = areas.filter(({ specs }) => specs.some(({ name }) => name.startsWith(prefix)));
  if (wanted.length === 0) throw new Usage(`no figure starts with ${prefix}; --list names them all`);
  const breakName = values.break;
  const running = breakName === undefined ? wanted : wanted.filter(({ breaks = [] }) => breaks.includes(breakName));
  if (running.length === 0)
    throw new Usage(`no fault ${breakName} for ${prefix || 'these figures'}; --list names them all`);
  if (values.raw !== undefined) mkdirSync(values.raw, { recursive: true });
  let kept = true;
  for (const area of running) {
    tell(`command  npm run -s bench -- ${argv.join(' ')}`);
    tell(
      `load     ${area.load ?? area.name}; ${cpus().length} cores, load average ${loadavg()[0]?.toFixed(1)}, Node ${process.version}`,
    );
    const figures = await area.run({
      ...(values.raw === undefined ? {} : { raw: values.raw }),
      ...(breakName === undefined ? {} : { breakName }),
    });
    for (const figure of figures) if (figure.figure.startsWith(prefix)) kept = print(figure, area) && kept;
  }
  return kept ? 0 : 1;
}

class Usage extends Error {}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { list: { type: 'boolean' }, raw: { type: 'string' }, break: { type: 'string' } },
    });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

async function loadAreas(): Promise<readonly Area[]> {
  const files = readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'main.ts')
    .sort();
  const areas: Area[] = [];
  for (const file of files) {
    const module: unknown = await import(pathToFileURL(`${import.meta.dirname}/${file}`).href);
    if (!isBench(module)) continue;
    const specs = module.figures.map((figure) =>
      typeof figure === 'string'
        ? ({ name: figure, unit: figure.split('_').at(-1) ?? '', direction: 'lower' } as const)
        : figure,
    );
    const { figures, breaks = [], load, run } = module;
    areas.push({ name: file.slice(0, -3), specs, figures, breaks, run, ...(load === undefined ? {} : { load }) });
  }
  return areas;
}

function isBench(module: unknown): module is Bench {
  return (
    typeof module === 'object' &&
    module !== null &&
    'figures' in module &&
    'run' in module &&
    Array.isArray(module.figures)
  );
}

function list(areas: readonly Area[]): void {
  for (const { specs, breaks = [] } of areas) {
    for (const { name, unit, limit, direction } of specs) {
      const promise = limit === undefined ? '' : `  ${direction === 'lower' ? 'at most' : 'at least'} ${limit}`;
      process.stdout.write(`${name}  ${unit}${promise}\n`);
    }
    for (const fault of breaks) process.stdout.write(`--break ${fault}\n`);
  }
}

/** Prints the figure; answers whether it keeps its limit. A value that is no number keeps none. */
function print(figure: Figure, area: Area): boolean {
  const spec = area.specs.find(({ name }) => name === figure.figure);
  if (spec === undefined)
    throw new Error(`test/bench/${area.name}.ts yields ${figure.figure}, which its figures do not announce`);
  process.stdout.write(
    `${JSON.stringify({ figure: figure.figure, value: figure.value, unit: figure.unit, n: figure.n })}\n`,
  );
  const { limit, direction } = spec;
  if (limit === undefined) return Number.isFinite(figure.value);
  const kept = direction === 'lower' ? figure.value <= limit : figure.value >= limit;
  tell(
    `${kept ? 'kept' : 'BROKEN'}   ${figure.figure} ${figure.value} ${figure.unit}, ${direction === 'lower' ? 'at most' : 'at least'} ${limit}`,
  );
  return kept;
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

if (import.meta.main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    tell(`${error.message}\n${usage}`);
    process.exitCode = 2;
  }
}
