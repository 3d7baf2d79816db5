import type { Problem, State } from '../../model/index.ts';
import { announcedRows, othersText } from '../announced.ts';
import { type ServiceRow, snapshotOf } from '../view.ts';
import { frame, stateWord, table } from './frame.ts';
import { type Html, html } from './html.ts';

const rowsAPage = 200;

export interface StateQuery {
  /** Text that name, address or reason must contain. */
  readonly text: string;
  /** Only services that are not ok. */
  readonly failing: boolean;
  /** From 1. */
  readonly page: number;
}

/** The first page: what fails stands first. Complete without script; the script only keeps it current. */
export function statePage(state: State, query: StateQuery, nowMs: number): string {
  const { services } = snapshotOf(state);
  const rows = services.filter((row) => matches(row, query));
  const last = Math.max(1, Math.ceil(rows.length / rowsAPage));
  const page = Math.min(query.page, last);
  const shown = rows.slice((page - 1) * rowsAPage, page * rowsAPage);
  const body = html`<h1>weir <small>${state.version} on ${state.instance}</small></h1>
<p>${stateWord(state.inSync ? 'in sync' : 'not in sync')} · services: ${services.length} · problems: ${state.problems.length}
· running since <time datetime="${new Date(state.startedMs).toISOString()}">${new Date(state.startedMs).toISOString()}</time></p>
<p id="live" role="status" aria-live="polite">as of ${new Date(nowMs).toISOString()}; reload for news</p>
${unread(state)}
${incomplete(state)}
${balancers(state)}
${pools(state)}
${announced(state)}
<form method="get" action="/" role="search">
<label for="q">Filter</label> <input id="q" name="q" value="${query.text}">
<label><input type="checkbox" name="failing" value="1"${query.failing ? html` checked` : html``}> failing only</label>
<button>Show</button>
</form>
${table('Services', ['Service', 'Address', 'Targets ready', 'Traffic', 'Health', 'Reason'], shown.map(serviceRow), 'services')}
${pages(query, page, last)}
${problems(state.problems)}
${plans(state)}`;
  return frame(`weir: ${state.inSync ? 'in sync' : 'not in sync'}`, body, true);
}

function matches(row: ServiceRow, { text, failing }: StateQuery): boolean {
  if (failing && row.health === 'ok') return false;
  return text === '' || `${row.id} ${row.address} ${row.reason}`.toLowerCase().includes(text.toLowerCase());
}

function serviceRow(row: ServiceRow): Html {
  return html`<tr data-id="${row.id}"><th scope="row"><a href="/services/${encodeURIComponent(row.id.toWellFormed())}">${row.id}</a></th><td>${row.address}</td><td>${row.targets}</td><td>${row.traffic}</td><td>${stateWord(row.health)}</td><td>${row.reason}</td></tr>
`;
}

function balancers(state: State): Html {
  const rows = state.balancers.flatMap((balancer) =>
    balancer.units.map(
      (
        unit,
      ) => html`<tr><th scope="row">${balancer.name}</th><td>${balancer.provider}</td><td>${unit.unit}</td><td>${stateWord(unit.state)}</td><td>${unit.code ?? ''} ${unit.message}</td></tr>
`,
    ),
  );
  return table('Balancers', ['Balancer', 'Provider', 'Unit', 'State', 'Reason'], rows);
}

function pools({ pools: list = [] }: State): Html {
  if (list.length === 0) return html``;
  const rows = list.map(
    ({
      name,
      assigned,
      available,
    }) => html`<tr><th scope="row">${name}</th><td>${given(assigned.ipv4, available.ipv4)}</td><td>${given(assigned.ipv6, available.ipv6)}</td></tr>
`,
  );
  return table('Pools', ['Pool', 'IPv4 given', 'IPv6 given'], rows);
}

function given(assigned: number, available: number): string {
  return assigned + available === 0 ? '' : `${assigned} of ${assigned + available}`;
}

/** Who answers for which address on the network; what nobody answers for stands first. */
function announced(state: State): Html {
  const all = announcedRows(state);
  if (all.length === 0) return html``;
  const rows = all.slice(0, rowsAPage).map((row) => {
    const since = row.sinceMs === undefined ? html`` : html`<time>${new Date(row.sinceMs).toISOString()}</time>`;
    return html`<tr><th scope="row">${row.address}</th><td>${row.owner ?? stateWord('nobody')}</td><td>${since}</td><td>${othersText(row)}</td><td>${row.services.join(', ')}</td></tr>
`;
  });
  return table(`Announced addresses (${all.length})`, ['Address', 'By', 'Since', 'Standby', 'Services'], rows);
}

function problems(list: readonly Problem[]): Html {
  if (list.length === 0) return html`<h2>Problems</h2><p>None.</p>`;
  const rows = list.slice(0, rowsAPage).map(
    (
      problem,
    ) => html`<tr><th scope="row">${problem.code}</th><td>${problem.service ?? problem.source}</td><td>${problem.field ?? ''}</td><td>${problem.message}</td></tr>
`,
  );
  return table(`Problems (${list.length})`, ['Code', 'Object', 'Field', 'Message'], rows);
}

function plans(state: State): Html {
  const rows = state.plans.slice(0, 20).map(
    (
      plan,
    ) => html`<tr><th scope="row"><a href="/api/v1/plans/${encodeURIComponent(plan.id.toWellFormed())}">${plan.id}</a></th><td><time>${new Date(plan.startedMs).toISOString()}</time></td><td>${plan.balancer}</td><td>${plan.steps.length}</td><td>${stateWord(plan.result)}</td><td>${plan.cause} ${plan.message ?? ''}</td></tr>
`,
  );
  return table('Last changes', ['Plan', 'When', 'Balancer', 'Steps', 'Result', 'Cause'], rows);
}

/** What is told of a system that cannot be read is old: since when, why, and what to do. */
function unread(state: State): Html {
  const items = state.balancers.flatMap(({ name, unread: why }) => {
    if (why === undefined) return [];
    const since = new Date(why.sinceMs).toISOString();
    const what = why.never ? html`was never read since this weir started` : html`is told as it was before`;
    return [
      html`<li>balancer ${name} ${what}; not read since <time datetime="${since}">${since}</time>: ${why.code} ${why.message} ${why.hint}</li>`,
    ];
  });
  if (items.length === 0) return html``;
  return html`<h2>Not read at present</h2><ul>${items}</ul>`;
}

function incomplete(state: State): Html {
  const items = state.incomplete.map(({ source, part, reason }) => html`<li>${source} ${part}: ${reason}</li>`);
  if (items.length === 0) return html``;
  return html`<h2>Cannot be read</h2><p>Nothing that these could own is taken away.</p><ul>${items}</ul>`;
}

function pages({ text, failing }: StateQuery, page: number, last: number): Html {
  if (last === 1) return html``;
  const link = (to: number, word: string): Html => {
    const query = new URLSearchParams({ q: text, ...(failing ? { failing: '1' } : {}), page: String(to) });
    return to < 1 || to > last ? html`` : html`<a href="/?${query.toString()}">${word}</a> `;
  };
  return html`<nav aria-label="Pages">${link(page - 1, 'previous')}page ${page} of ${last} ${link(page + 1, 'next')}</nav>`;
}
