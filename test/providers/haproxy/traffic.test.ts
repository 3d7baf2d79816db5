import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrafficCount, type WorkerReading } from '../../../providers/haproxy/traffic-count.ts';
import { type BackendRow, countedColumns, parseStat } from '../../../providers/haproxy/traffic-read.ts';

const columns = [
  'pxname',
  'svname',
  'qcur',
  'scur',
  'stot',
  'bin',
  'bout',
  'econ',
  'eresp',
  'wretr',
  'wredis',
  'status',
  'check_status',
  'hrsp_1xx',
  'hrsp_2xx',
  'hrsp_3xx',
  'hrsp_4xx',
  'hrsp_5xx',
  'hrsp_other',
  'last_chk',
  'qtime',
  'ctime',
  'rtime',
  'ttime',
  'mode',
];
const line = (values: Readonly<Record<string, string | number>>) =>
  columns.map((column) => values[column] ?? '').join(',');
const table = (...rows: readonly Readonly<Record<string, string | number>>[]) =>
  [`# ${columns.join(',')},`, ...rows.map((row) => `${line(row)},`)].join('\n');

test('columns are found by name, also behind quoted text', () => {
  const { backends, reasons } = parseStat(
    table(
      {
        pxname: 'b_x',
        svname: 'v4-10.0.0.1_80',
        status: 'DOWN',
        check_status: 'L7STS',
        last_chk: '"no, ""never"""',
        mode: 'http',
      },
      { pxname: 'b_x', svname: 'v4-10.0.0.2_80', status: 'UP', check_status: 'L7OK', mode: 'http' },
      {
        pxname: 'b_x',
        svname: 'BACKEND',
        stot: 7,
        hrsp_5xx: 2,
        scur: 3,
        qcur: 1,
        rtime: 12,
        mode: 'http',
        last_chk: '"a,b"',
      },
    ),
  );
  assert.deepEqual([...reasons], [['b_x/v4-10.0.0.1_80', 'L7STS no, "never"']]);
  assert.equal(backends.length, 1);
  assert.equal(backends[0]?.counted[countedColumns.indexOf('hrsp_5xx')], 2);
  assert.deepEqual(backends[0]?.current, [3, 1, 0, 0, 12, 0]);
});

test('what is no such table is refused', () => {
  for (const text of ['', 'Unknown command', '# pxname,svname,qcur,\nb,BACKEND,1,'])
    assert.throws(() => parseStat(text), { code: 'E_HAPROXY_SOCKET' });
});

const row = (backend: string, sessions: number, response = 0): BackendRow => ({
  backend,
  http: true,
  counted: countedColumns.map((column) => (column === 'stot' || column === 'hrsp_2xx' ? sessions : 0)),
  current: [1, 0, 0, 0, response, 0],
});
const worker = (pid: number, rows: readonly BackendRow[], old = false): WorkerReading => ({ pid, old, rows });
const plain = (section: string) => section;

test('totals go on over a reload, with what the old worker still serves', () => {
  const count = new TrafficCount();
  count.take([worker(1, [row('b', 100)])], plain, 0);
  assert.deepEqual([count.of(['b'])?.sessions, count.of(['b'])?.perSecond], [100, 0]);
  count.take([worker(1, [row('b', 150)])], plain, 5_000);
  assert.deepEqual([count.of(['b'])?.sessions, count.of(['b'])?.perSecond], [150, 10]);
  // The old one is not listed at once.
  count.take([worker(2, [row('b', 0)])], plain, 7_000);
  count.take([worker(2, [row('b', 20)]), worker(1, [row('b', 155)], true)], plain, 10_000);
  assert.deepEqual(
    [count.of(['b'])?.sessions, count.of(['b'])?.requests['2xx'], count.of(['b'])?.current],
    [175, 175, 1],
  );
  count.take([worker(2, [row('b', 30)])], plain, 15_000);
  assert.equal(count.of(['b'])?.sessions, 185);
});

test('a spare counts for whoever holds it, from when we saw it first', () => {
  const count = new TrafficCount();
  const held = (by: string | undefined) => (section: string) => (section === 'sp' ? by : section);
  count.take([worker(1, [row('sp', 40)])], held('one'), 0);
  assert.equal(count.of(['one'])?.sessions, 0);
  count.take([worker(1, [row('sp', 45)])], held('one'), 1_000);
  assert.equal(count.of(['one'])?.sessions, 5);
  count.take([worker(1, [row('sp', 48)])], held('two'), 2_000);
  assert.deepEqual([count.of(['one']), count.of(['two'])?.sessions], [undefined, 3]);
});

test('latencies of several backends weigh by what HAProxy remembers', () => {
  const count = new TrafficCount();
  count.take([worker(1, [row('a', 5_000, 10), row('b', 1_024, 30), row('c', 0, 999)])], plain, 0);
  assert.equal(count.of(['a', 'b', 'c'])?.latencyMs.response, 20);
  assert.equal(count.of(['none']), undefined);
});

test('what a spare counted for the service before is not told of the next, its latencies neither', () => {
  const count = new TrafficCount();
  const held = (by: string | undefined) => (section: string) => (section === 'sp' ? by : section);
  count.take([worker(1, [row('sp', 0)])], held('one'), 0);
  count.take([worker(1, [row('sp', 40, 900)])], held('one'), 1_000);
  // 60 more of the first one that no reading saw, then the second one takes it.
  count.handOver(1, [row('sp', 100, 900)]);
  count.take([worker(1, [row('sp', 107, 850)])], held('two'), 2_000);
  assert.deepEqual([count.of(['two'])?.sessions, count.of(['two'])?.perSecond], [7, 7]);
  assert.equal(count.of(['two'])?.latencyMs.response, 0, 'nearly all of the average is of the first one');
  count.take([worker(1, [row('sp', 200, 455)])], held('two'), 3_000);
  assert.equal(count.of(['two'])?.latencyMs.response, 10);
  // Another worker counts for the second one alone.
  count.take([worker(2, [row('sp', 20, 30)])], held('two'), 4_000);
  assert.deepEqual([count.of(['two'])?.sessions, count.of(['two'])?.latencyMs.response], [120, 30]);
});

test('a section that changes hands in a worker that nobody has read yet', () => {
  const count = new TrafficCount();
  count.take([worker(1, [row('b', 10)])], plain, 0);
  count.handOver(2, [row('sp', 50)]);
  count.take([worker(2, [row('b', 3), row('sp', 52)])], plain, 1_000);
  assert.deepEqual([count.of(['b'])?.sessions, count.of(['sp'])?.sessions], [13, 2]);
});
