import type { FieldPath } from '../../model/located.ts';
import type { Front, Timeouts } from '../../model/service.ts';
import { parseDuration } from '../../net/index.ts';
import type { Form } from './form.ts';
import { present } from './present.ts';
import { readFilters } from './read-filter.ts';
import type { FrontLimits } from './schema.ts';

type Limits = Pick<
  Front,
  'sourceRanges' | 'deniedRanges' | 'filters' | 'proxyProtocol' | 'timeouts' | 'maxConnections'
>;

/** What any front may have: who is let in, how long, how many. */
export function readLimits(form: Form, written: FrontLimits, path: FieldPath): Limits {
  return present({
    sourceRanges: form.ranges(written.sourceRanges, [...path, 'sourceRanges']),
    deniedRanges: form.ranges(written.deniedRanges, [...path, 'deniedRanges']),
    filters: written.filters === undefined ? undefined : readFilters(form, written.filters, [...path, 'filters']),
    proxyProtocol: written.proxyProtocol,
    timeouts: readTimeouts(form, written.timeouts, [...path, 'timeouts']),
    maxConnections: form.whole(written.maxConnections, [...path, 'maxConnections'], 1, 10_000_000),
  });
}

function readTimeouts(form: Form, written: FrontLimits['timeouts'], path: FieldPath): Timeouts | undefined {
  if (written === undefined) return undefined;
  const read = (key: keyof typeof written): number | undefined =>
    form.maybe(written[key], [...path, key], (v) => parseDuration(v, 1));
  return present({
    connectMs: read('connect'),
    clientMs: read('client'),
    serverMs: read('server'),
    queueMs: read('queue'),
    requestMs: read('request'),
    keepAliveMs: read('keepAlive'),
    tunnelMs: read('tunnel'),
  });
}
