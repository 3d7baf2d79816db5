/** The one style sheet: system fonts, light and dark by `light-dark()`, readable at 320 px and on paper. */
export const style = `:root { color-scheme: light dark; --text: light-dark(#1b1f24, #e6e8eb); --ground: light-dark(#fff, #14171b);
  --line: light-dark(#c4c9d0, #3d444d); --weak: light-dark(#545b64, #a3abb5); --link: light-dark(#0b57a4, #82b8ff);
  --good: light-dark(#17692c, #66d17f); --bad: light-dark(#b01722, #ff8d91); --warn: light-dark(#7d5200, #f0b954); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 80rem; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--ground); }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2, caption { font-size: 1.15rem; font-weight: 600; text-align: left; margin: 1.25rem 0 .25rem; padding: .25rem 0; }
small, time, #live { color: var(--weak); }
a { color: var(--link); }
.skip { position: absolute; left: -99rem; }
.skip:focus { position: static; }
.wide { overflow-x: auto; margin: 1rem 0; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 600; }
form { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1rem 0; }
input, button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--weak); border-radius: 4px; padding: .25rem .5rem; min-height: 2rem; }
input[type="checkbox"] { min-height: 1.5rem; width: 1.25rem; vertical-align: middle; }
.state { white-space: nowrap; }
.state[data-state="ok"], .state[data-state="in sync"], .state[data-state="done"], .state[data-state="ready"] { color: var(--good); }
.state[data-state="down"], .state[data-state="error"], .state[data-state="failed"], .state[data-state="unhealthy"] { color: var(--bad); }
.state[data-state="degraded"], .state[data-state="pending"], .state[data-state="waiting"], .state[data-state="not in sync"], .state[data-state="changing"] { color: var(--warn); }
@media print { form, nav, .skip { display: none; } }
`;
