/** `show stat` parsed: what backends have counted, and why checks of servers fail. Pure; columns are found by their names. */
import { atOnce, inStrides, type Sliced, WeirError } from '../../src/model/index.ts';

/** Counters since the worker began, by column. */
export const countedColumns = [
  'stot',
  'bin',
  'bout',
  'econ',
  'eresp',
  'wretr',
  'wredis',
  'hrsp_1xx',
  'hrsp_2xx',
  'hrsp_3xx',
  'hrsp_4xx',
  'hrsp_5xx',
  'hrsp_other',
] as const;
/** As they are now; times are averages over the last 1,024 requests, in milliseconds. */
export const currentColumns = ['scur', 'qcur', 'qtime', 'ctime', 'rtime', 'ttime'] as const;

export interface BackendRow {
  readonly backend: string;
  readonly http: boolean;
  readonly counted: readonly number[];
  readonly current: readonly number[];
}

export interface StatTable {
  readonly backends: readonly BackendRow[];
  /** `backend/server` → what its last failed check said. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** @throws WeirError E_HAPROXY_SOCKET when the answer is no such table. */
export function parseStat(text: string): StatTable {
  return atOnce(readStat(text));
}

/** As `parseStat`: of many targets it is megabytes. */
export function* readStat(text: string): Sliced<StatTable> {
  const [head = ''] = text.split('\n', 1);
  const names = head.replace(/^# /, '').split(',');
  const place = (column: string) => names.indexOf(column);
  const places = {
    svname: 1,
    status: place('status'),
    code: place('check_status'),
    last: place('last_chk'),
    mode: place('mode'),
  };
  const counted = countedColumns.map(place);
  const current = currentColumns.map(place);
  if (!head.startsWith('# pxname,svname,') || [...Object.values(places), ...counted, ...current].includes(-1))
    throw new WeirError('E_HAPROXY_SOCKET', `show stat was answered with ${JSON.stringify(text.slice(0, 120))}`);
  const backends: BackendRow[] = [];
  const reasons = new Map<string, string>();
  yield* inStrides(linesOf(text, head.length + 1), (line) => {
    // Most lines are servers that are well, of which there are tens of thousands: they are not taken apart.
    if (!line.includes(',BACKEND,') && !line.includes(',DOWN')) return;
    const cells = cellsOf(line);
    const [backend = '', server = ''] = cells;
    if (server === 'BACKEND') {
      const read = (at: number) => Number(cells[at] ?? 0) || 0;
      backends.push({
        backend,
        http: cells[places.mode] === 'http',
        counted: counted.map(read),
        current: current.map(read),
      });
    } else if (cells[places.status]?.startsWith('DOWN') === true) {
      const words = [cells[places.code] ?? '', cells[places.last] ?? ''].map((word) => word.replace(/^\* /, ''));
      reasons.set(`${backend}/${server}`, words.filter((word) => word !== '').join(' '));
    }
  });
  return { backends, reasons };
}

function* linesOf(text: string, start: number): Generator<string> {
  for (let from = start; from < text.length; ) {
    const end = text.indexOf('\n', from);
    yield text.slice(from, end < 0 ? text.length : end);
    if (end < 0) return;
    from = end + 1;
  }
}

/** Cells of a line; those with commas or quotes in them stand in quotes. */
function cellsOf(line: string): readonly string[] {
  if (!line.includes('"')) return line.split(',');
  return [...line.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replaceAll('""', '"'),
  );
}
