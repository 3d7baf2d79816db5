import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { App } from '../app.ts';
import { explainService } from './explanation.ts';
import { authGuard, type Env, hostGuard, methodGuard, securityHeaders } from './guard.ts';
import { answerJson } from './json-answer.ts';
import { loginRoutes } from './login.ts';
import { pageRoutes } from './pages/index.ts';
import { openStreams } from './stream.ts';
import type { TokenCheck } from './token.ts';

export interface ApiInput {
  readonly app: Pick<App, 'state' | 'services' | 'onChange'>;
  /** Address that is listened on. */
  readonly listenHost: string;
  /** Names allowed in the Host header besides. */
  readonly hosts: readonly string[];
  /** Absent: everybody on this machine may read. */
  readonly token?: TokenCheck;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  /** What went wrong while answering. */
  readonly failed: (error: Error) => void;
  /** Ends the streams. */
  readonly signal: AbortSignal;
}

/** State page and /api/v1: GET only, Host checked, token checked where there is one. */
export function apiRoutes(input: ApiInput): Hono<Env> {
  const { app, token } = input;
  const routes = new Hono<Env>();
  routes.use(securityHeaders());
  routes.use(hostGuard(input.listenHost, input.hosts));
  routes.use(methodGuard());
  if (token !== undefined) {
    routes.use(authGuard(token));
    routes.route('/', loginRoutes(token));
  }
  routes.route('/', pageRoutes(app, input.now));
  routes.route('/api/v1', documents(app));
  const stream = openStreams(app, input.signal);
  routes.get('/api/v1/stream', (c) =>
    // A HEAD would open a stream that nobody reads, and so nobody ends.
    c.req.method === 'HEAD' ? c.body(null, 200) : stream(c.req.raw.signal),
  );
  routes.notFound((c) => c.text('not found\n', 404));
  // What went wrong is ours to know; the client has no use for it.
  routes.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    input.failed(error);
    return c.text('internal error\n', 500);
  });
  return routes;
}

function documents(app: ApiInput['app']): Hono<Env> {
  const routes = new Hono<Env>();
  routes.get('/state', (c) => answerJson(c, app.state()));
  routes.get('/services', (c) => answerJson(c, { services: app.state().services }));
  // An id has slashes; both `a/b` and `a%2Fb` name it.
  routes.get('/services/:id{.+}', (c) =>
    found(
      c,
      app.state().services.find(({ id }) => id === c.req.param('id')),
    ),
  );
  routes.get('/plans', (c) => answerJson(c, { plans: app.state().plans }));
  routes.get('/plans/:id', (c) =>
    found(
      c,
      app.state().plans.find(({ id }) => id === c.req.param('id')),
    ),
  );
  routes.get('/explain/:id{.+}', (c) => found(c, explainService(c.req.param('id'), app.services(), app.state())));
  return routes;
}

function found(c: Context<Env>, value: object | undefined): Response {
  return value === undefined ? c.json({ error: 'not found' }, 404) : answerJson(c, value);
}
