import { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { setCookie } from 'hono/cookie';
import { type Env, sessionCookie } from './guard.ts';
import { loginPage } from './pages/index.ts';
import type { TokenCheck } from './token.ts';

/** The token is posted once and answered with a cookie: an EventSource cannot send headers. */
export function loginRoutes(check: TokenCheck): Hono<Env> {
  const app = new Hono<Env>();
  app.get('/login', (c) => c.html(loginPage(false), 200, { 'cache-control': 'no-store' }));
  app.post('/login', bodyLimit({ maxSize: 4_096 }), async (c) => {
    const site = c.req.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return c.text('post from here only\n', 403);
    if (!c.req.header('content-type')?.startsWith('application/x-www-form-urlencoded')) {
      return c.text('post the form\n', 415);
    }
    const token = new URLSearchParams(await c.req.text()).get('token')?.trim() ?? '';
    if (!(await check.bearer(token))) return c.html(loginPage(true), 401, { 'cache-control': 'no-store' });
    setCookie(c, sessionCookie, check.sessionFor(token), {
      httpOnly: true,
      sameSite: 'Strict',
      path: '/',
      maxAge: 43_200,
    });
    return c.redirect('/', 303);
  });
  return app;
}
