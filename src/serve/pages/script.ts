/** The one script of the page: follows the stream and patches rows by their key, so that focus and scroll stay. Builds text nodes only. */
export const script = `'use strict';
const live = document.getElementById('live');
const body = document.getElementById('services');
const glyphs = { ok: '●', degraded: '◐', pending: '◌', down: '✖', error: '✖' };
const rows = new Map();
for (const row of body.rows) rows.set(row.dataset.id, row);
let said = '';
function say(text) {
  // The live region speaks when its words change, not with each event.
  if (text !== said) { said = text; live.textContent = text; }
}
function fill(row, service) {
  const [, address, targets, traffic, health, reason] = row.cells;
  address.textContent = service.address;
  targets.textContent = service.targets;
  traffic.textContent = service.traffic;
  reason.textContent = service.reason;
  const state = document.createElement('span');
  state.className = 'state';
  state.dataset.state = service.health;
  const glyph = document.createElement('span');
  glyph.setAttribute('aria-hidden', 'true');
  glyph.textContent = glyphs[service.health] || '○';
  state.append(glyph, ' ' + service.health);
  health.replaceChildren(state);
}
function apply(data, changed) {
  let unknown = 0;
  for (const service of changed) {
    const row = rows.get(service.id);
    if (row) fill(row, service);
    else unknown++;
  }
  for (const id of data.gone || []) {
    const row = rows.get(id);
    if (row) { row.remove(); rows.delete(id); }
  }
  const more = unknown > 0 ? '; ' + unknown + ' not on this page: reload' : '';
  say('live: ' + (data.inSync ? 'in sync' : 'not in sync') + ', ' + data.problems + ' problems' + more);
}
const source = new EventSource('/api/v1/stream');
source.addEventListener('snapshot', (event) => {
  const data = JSON.parse(event.data);
  apply(data, data.services.filter((service) => rows.has(service.id)));
});
source.addEventListener('patch', (event) => {
  const data = JSON.parse(event.data);
  apply(data, data.changed);
});
source.onerror = () => say(source.readyState === 2 ? 'stale: reload the page' : 'reconnecting; what is shown may be old');
`;
