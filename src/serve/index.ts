/** What a running weir answers over HTTP: probes and metrics on one listener, state page and API on another. Reads the app; changes nothing, ever. */
export { apiRoutes } from './api.ts';
export { type Explanation, explainService } from './explanation.ts';
export { type Listening, openListener } from './listener.ts';
export { metricTable } from './metric-table.ts';
export { createMetrics, type ServedMetrics } from './metrics.ts';
export { probeRoutes } from './probes.ts';
export { type Served, type ServedApp, serveApp } from './serve-app.ts';
