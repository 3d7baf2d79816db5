import { Hono } from 'hono';
import type { App } from '../../app.ts';
import { explainService } from '../explanation.ts';
import type { Env } from '../guard.ts';
import { script } from './script.ts';
import { servicePage } from './service-page.ts';
import { statePage } from './state-page.ts';
import { style } from './style.ts';

/** The pages and the two files that they load. */
export function pageRoutes(app: Pick<App, 'state' | 'services'>, now: () => number): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get('/', (c) => {
    const page = Number(c.req.query('page') ?? '1');
    const query = {
      text: (c.req.query('q') ?? '').slice(0, 200),
      failing: c.req.query('failing') === '1',
      page: Number.isSafeInteger(page) && page >= 1 ? page : 1,
    };
    return c.html(statePage(app.state(), query, now()));
  });
  routes.get('/services/:id{.+}', (c) => {
    const told = explainService(c.req.param('id'), app.services(), app.state());
    return told === undefined ? c.text('there is no such service\n', 404) : c.html(servicePage(told));
  });
  routes.get('/style.css', (c) => c.body(style, 200, { 'content-type': 'text/css; charset=utf-8' }));
  routes.get('/page.js', (c) => c.body(script, 200, { 'content-type': 'text/javascript; charset=utf-8' }));
  // Browsers ask for it by themselves; an inline one would be against our own policy.
  routes.get('/favicon.ico', (c) => c.body(null, 204));
  return routes;
}
