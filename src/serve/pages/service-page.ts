import type { Explanation } from '../explanation.ts';
import { frame, stateWord, table } from './frame.ts';
import { type Html, html } from './html.ts';

/** One service: the path from the client to each target, as tables. */
export function servicePage(told: Explanation): string {
  const reason = told.reason === '' ? html`` : html`: ${told.reason}`;
  const body = html`<p><a href="/">all services</a></p>
<h1>${told.service} <small>${told.kind}</small></h1>
<p>${stateWord(told.health)}${reason}</p>
${
  told.lastGood === undefined
    ? html``
    : html`<p>Its last good version is in force: ${told.lastGood}</p>
`
}<p>From ${told.from}. Balancer ${told.balancers.join(', ') || 'none'}. Address ${told.addresses.join(', ') || 'none'}.</p>
${table('Fronts', ['Port', 'Protocol', 'Host and path', 'Does'], told.fronts.flatMap(frontRows))}
${told.backends.map(backendTable)}
${list(
  'Conditions',
  told.conditions.map(
    ({ type, status, reason: why, message }) => `${type}: ${status ? 'yes' : 'no'}, ${why} ${message}`,
  ),
)}
${list(
  'Settings',
  told.settings.map(
    ({ path, value, origin }) => `${path} = ${JSON.stringify(value)}${origin === undefined ? '' : ` from ${origin}`}`,
  ),
)}
${list(
  'Problems',
  told.problems.map(({ code, field, message }) => `${code} ${field ?? ''}: ${message}`),
)}`;
  return frame(`weir: ${told.service}`, body, false);
}

function frontRows(front: Explanation['fronts'][number]): readonly Html[] {
  const tls = front.tls === undefined ? '' : ` (TLS ${front.tls})`;
  return front.routes.map(
    (
      route,
    ) => html`<tr><th scope="row">${front.port}</th><td>${front.protocol}${tls}</td><td>${route.match}</td><td>${[route.does, ...(route.details ?? []), ...(front.details ?? [])].join('; ')}</td></tr>
`,
  );
}

function backendTable(backend: Explanation['backends'][number]): Html {
  const rows = backend.targets.map(
    (
      target,
    ) => html`<tr><th scope="row">${target.key}</th><td>${stateWord(target.health ?? target.state)}</td><td>${target.weight}</td><td>${target.pod ?? ''}</td><td>${target.node ?? ''}</td><td>${target.reason ?? ''}</td></tr>
`,
  );
  const caption = `Backend ${backend.key}: ${[backend.protocol, backend.balance, ...(backend.details ?? [])].join(', ')}`;
  return table(caption, ['Target', 'State', 'Weight', 'Pod', 'Node', 'Reason'], rows);
}

function list(title: string, items: readonly string[]): Html {
  if (items.length === 0) return html``;
  return html`<h2>${title}</h2><ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}
