import { type Html, html } from './html.ts';

/** Title, style and script around a page. `live`: the script follows the stream. */
export function frame(title: string, body: Html, live: boolean): string {
  const script = live ? html`<script src="/page.js" defer></script>` : html``;
  const page = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="/style.css">
${script}
</head>
<body>
<a class="skip" href="#main">Skip to content</a>
<main id="main">
${body}
</main>
</body>
</html>
`;
  return `<!doctype html>\n${page.text}`;
}

const glyphs: Readonly<Record<string, string>> = {
  ok: '●',
  'in sync': '●',
  done: '●',
  ready: '●',
  degraded: '◐',
  'not in sync': '◐',
  pending: '◌',
  initial: '◌',
  waiting: '◌',
  changing: '◌',
  draining: '◐',
  down: '✖',
  error: '✖',
  failed: '✖',
  unhealthy: '✖',
};

/** A state as glyph and word: colour never says it alone. */
export function stateWord(state: string): Html {
  return html`<span class="state" data-state="${state}"><span aria-hidden="true">${glyphs[state] ?? '○'}</span> ${state}</span>`;
}

/** A table with a caption and column headers; wide ones scroll on their own, by keyboard too. */
export function table(caption: string, heads: readonly string[], rows: readonly Html[], id = ''): Html {
  return html`<div class="wide" role="region" aria-label="${caption}" tabindex="0">
<table><caption>${caption}</caption>
<thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody${id === '' ? html`` : html` id="${id}"`}>
${rows}</tbody></table></div>
`;
}
