/** What the configuration says about one HAProxy (`options` of a balancer) and what a service may say (`settings.haproxy`). */
import { z } from 'zod';
import {
  classifyAddress,
  durationForm,
  maxDurationMs,
  type Parsed,
  parseAddress,
  parseCidr,
  parseDuration,
} from '../../src/net/index.ts';

/** A text that `parse` accepts; it stays text, so that the file, the schema and what is printed read alike. */
function checked(parse: (text: string) => Parsed<unknown>) {
  return z.string().superRefine((text, ctx) => {
    const parsed = parse(text);
    if (!parsed.ok) ctx.addIssue({ code: 'custom', message: parsed.reason });
  });
}

const duration = checked((text) => parseDuration(text, 1)).meta({ pattern: durationForm.source });

/** A path of ours that ends up in haproxy.cfg or on a command line: absolute, of plain characters. */
const path = z
  .string()
  .max(200)
  .regex(/^\/[A-Za-z0-9._\-/]*$/, 'must be an absolute path of letters, digits, - . _ and /');

const account = z
  .string()
  .max(64)
  .regex(/^[A-Za-z_][A-Za-z0-9_-]*$/, 'must be the name of an account');

const statsSchema = z
  .strictObject({
    port: z.int().min(1).max(65_535).describe('Port of the page; no service gets it at the same address.'),
    address: checked(parseAddress).default('127.0.0.1').describe('Elsewhere than on loopback it needs users.'),
    users: z
      .record(account, z.string().regex(/^\$[1-6][a-z]?\$[A-Za-z0-9./=,$]{8,200}$/, 'must be a crypt(3) hash'))
      .default({})
      .describe('Who may read it: name to the hash of a password, as `openssl passwd -6` makes it.'),
  })
  .refine(({ address, users }) => isLoopback(address) || Object.keys(users).length > 0, {
    path: ['users'],
    message: 'must name somebody where the page is to be seen outside of this machine',
  });

const monitorSchema = z.strictObject({
  port: z.int().min(1).max(65_535).describe('Port of it; no service gets it, at whatever address.'),
  address: checked(parseAddress).default('127.0.0.1').describe('Where those are who ask.'),
});

function isLoopback(address: string): boolean {
  return classifyAddress(address) === 'loopback';
}

/** A whole number within bounds. */
const count = (least: number, most: number) => z.int().min(least).max(most).optional();

const tuningSchema = z.strictObject({
  'tune.bufsize': count(16_384, 1_048_576).describe('Bytes of a buffer: the largest head of a request. Default 16384.'),
  'tune.maxrewrite': count(1_024, 65_536).describe('Bytes of a buffer kept free for headers that are added.'),
  'tune.http.maxhdr': count(32, 32_767).describe('Headers that a request or an answer may have. Default 101.'),
  'tune.h2.max-concurrent-streams': count(1, 10_000).describe('Requests at once on an HTTP/2 connection. Default 100.'),
  'tune.ssl.cachesize': count(0, 10_000_000).describe('TLS sessions that are remembered. Default 20000.'),
  'tune.ssl.lifetime': count(1, 86_400).describe('Seconds that a TLS session is remembered. Default 300.'),
  'spread-checks': count(0, 50).describe('Percent by which checks are spread, so that they do not all run at once.'),
  'http-reuse': z
    .enum(['never', 'safe', 'aggressive', 'always'])
    .optional()
    .describe('When connections to targets are shared between clients. Default safe.'),
  compression: z
    .array(z.string().regex(/^[a-z]+\/[a-z0-9.+-]+$/, 'must be a content type such as text/html'))
    .min(1)
    .max(30)
    .optional()
    .describe('Content types that are compressed with gzip where the target does not do it; absent: none.'),
});

export const optionsSchema = z
  .strictObject({
    binary: z
      .string()
      .min(1)
      .default('haproxy')
      .describe('The HAProxy program (2.6 or newer), by name in PATH or by path.'),
    dir: path
      .optional()
      .describe(
        'Directory for haproxy.cfg, maps, certificates and sockets; default: a directory of the balancer under stateDir.',
      ),
    socket: path.optional().describe('Path of the runtime socket; default: haproxy.sock in dir.'),
    mode: z
      .enum(['own', 'attached'])
      .default('own')
      .describe(
        'own: weir starts HAProxy and starts it again when it dies. attached: systemd or another container runs it on haproxy.cfg of dir; weir writes the files and reloads it, and never starts or stops it.',
      ),
    masterSocket: path.optional().describe("Path of the master socket (haproxy's -S); default: master.sock in dir."),
    addresses: z
      .array(checked(parseAddress))
      .min(1)
      .default(['0.0.0.0', '::'])
      .describe('Addresses to listen on; services with addresses of their own use those.'),
    portRange: z
      .string()
      .regex(/^\d{1,5}-\d{1,5}$/, 'must be two ports like 20000-20099')
      .refine(isPortRange, 'must be ports from 1 to 65535, the lower one first, at most 4096 of them')
      .optional()
      .describe(
        'HAProxy listens on all of these ports from the start, so that a new TCP service on one of them needs no reload; ports of none are closed at once. Not together with portSet.',
      ),
    portSet: z
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe(
        'A free port that packets for all plain TCP services are led to by nftables, so that a new one on any port needs no reload. Needs nft and CAP_NET_ADMIN; IPv4 alone.',
      ),
    ipv6: z
      .enum(['auto', 'on', 'off'])
      .default('auto')
      .describe('Listen on the IPv6 addresses: auto leaves them out where the kernel has no IPv6.'),
    threads: z.int().min(1).max(64).optional().describe('Threads of a worker; default: one for each usable core.'),
    maxConnections: z
      .int()
      .min(1)
      .max(10_000_000)
      .optional()
      .describe(
        'Concurrent connections of the process; each needs two open files. Default: as many as the limit of open files allows, at most 20000.',
      ),
    hardStopAfter: duration
      .default('1h')
      .describe(
        'How long an old worker may serve its open streams after a reload, and HAProxy those of a target that was removed, before they are cut.',
      ),
    maxOldWorkers: z
      .int()
      .min(1)
      .max(10_000)
      .default(3_600)
      .describe(
        'How many reloads the open streams of a worker may outlive; one more cuts them. Default: those of an hour of one a second.',
      ),
    timeouts: z
      .strictObject({
        connect: duration.default('5s').describe('To connect to a target.'),
        client: duration.default('1m').describe('A client may be silent.'),
        server: duration.default('1m').describe('A target may be silent.'),
        request: duration.default('10s').describe('A client may take for a complete request header.'),
        keepAlive: duration.default('1m').describe('An idle client connection stays open.'),
        queue: duration.default('5s').describe('A request may wait for a free slot of a target.'),
        tunnel: duration.default('1h').describe('Upgraded and CONNECT streams may be silent.'),
      })
      .prefault({})
      .describe('Timeouts where the service says nothing.'),
    balance: z
      .enum(['roundrobin', 'leastconn', 'source', 'uri', 'random'])
      .optional()
      .describe('How targets are chosen for every service, in place of what the service asks for.'),
    check: z
      .strictObject({
        interval: duration.default('2s').describe('Between two checks of a target.'),
        timeout: duration.optional().describe('Of one check; default: the interval.'),
        rise: z.int().min(1).max(100).default(2).describe('Passed checks until a target is ready.'),
        fall: z.int().min(1).max(100).default(3).describe('Failed checks until a target is unhealthy.'),
      })
      .prefault({})
      .describe('Health checks where the service asks for one and leaves details open.'),
    retries: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .describe('Attempts to connect elsewhere when a target refuses; safe for every method, as nothing was sent.'),
    alpn: z
      .array(z.enum(['h2', 'http/1.1']))
      .min(1)
      .default(['h2', 'http/1.1'])
      .describe('HTTP versions offered on TLS ports.'),
    tlsMin: z.enum(['1.2', '1.3']).default('1.2').describe('Oldest TLS version that clients may use.'),
    httpsRedirectPort: z
      .int()
      .min(1)
      .max(65_535)
      .default(443)
      .describe('Port that clients see for HTTPS, for redirects that name no port.'),
    forwardedHeaders: z
      .enum(['replace', 'keep'])
      .default('replace')
      .describe(
        'X-Forwarded-For, -Proto, -Host, -Port and X-Real-IP: replace what clients sent, or keep what anybody sent. For proxies of yours that stand in front use trustedProxies.',
      ),
    climbingPaths: z
      .enum(['refuse', 'pass'])
      .default('refuse')
      .describe(
        'A path with .. that would be another route once it is resolved (/api/../admin, also written with %2e, %2f, ; or \\): 400, or passed on as it came. Beside guarded paths every .. is refused, whatever this says.',
      ),
    trustedProxies: z
      .array(checked(parseCidr))
      .default([])
      .describe(
        'Ranges of proxies in front that are believed: their X-Forwarded-For names the client, also for source ranges and rate limits, and is continued; their X-Forwarded-Proto, -Host and -Port are kept.',
      ),
    proxyFrom: z
      .array(checked(parseCidr))
      .default([])
      .describe(
        'Ranges of proxies in front that speak the PROXY protocol, at ports with proxyProtocol; others are refused there. Default: whoever reaches such a port may name any address as its client.',
      ),
    spares: z
      .int()
      .min(0)
      .max(1_000)
      .default(32)
      .describe(
        'Backends that HAProxy keeps ready (HTTP, roundrobin; a quarter as many of each other kind), so that a new one needs no reload; each costs about 14 KiB. 0: none.',
      ),
    numbersEvery: duration
      .default('5s')
      .describe('How often requests, answers, latencies and queues of each service are read.'),
    user: account.optional().describe('Account of the worker when weir runs as root; default: kept.'),
    group: account.optional().describe('Group of the worker when weir runs as root; default: kept.'),
    log: z
      .string()
      .max(200)
      .regex(/^[A-Za-z0-9._:\-/[\]@]+$/, 'must be an address, a socket path, stdout or stderr')
      .optional()
      .describe(
        'Target for request logs, e.g. /dev/log, 127.0.0.1:514 or stdout (haproxy.log in dir, beside what HAProxy says itself; while weir runs it begins anew at 16 MiB, and the one before is haproxy.log.1); absent: none.',
      ),
    logFormat: z
      .enum(['standard', 'json'])
      .default('standard')
      .describe('standard: as HAProxy writes it; json: one object a line, with the id of the service.'),
    stats: statsSchema
      .optional()
      .describe("HAProxy's own page of statistics, for reading, spares among the backends; absent: none."),
    monitor: monitorSchema
      .optional()
      .describe('HAProxy itself answers GET / with 200 there while it serves, for probes of others; absent: nowhere.'),
    tuning: tuningSchema.prefault({}).describe('Further settings of HAProxy by their own names.'),
  })
  .refine(({ portRange, portSet }) => portRange === undefined || portSet === undefined, {
    path: ['portSet'],
    message: 'cannot be used together with portRange; keep one of them',
  })
  .refine(({ addresses, ipv6, portSet }) => portSet === undefined || ipv6 === 'off' || addresses.every(isFour), {
    path: ['portSet'],
    message: 'is for IPv4 alone, HAProxy cannot tell which IPv6 port was meant; set ipv6: off, or name IPv4 addresses',
  })
  .refine(({ monitor, stats }) => monitor === undefined || monitor.port !== stats?.port, {
    path: ['stats', 'port'],
    message: 'must not be the port of monitor; choose another one',
  })
  .refine((options) => !isInRange(options, options.stats?.port), {
    path: ['stats', 'port'],
    message: 'must not be a port of portRange, where HAProxy listens for services',
  })
  .refine((options) => !isInRange(options, options.monitor?.port), {
    path: ['monitor', 'port'],
    message: 'must not be a port of portRange, where HAProxy listens for services',
  })
  .describe('One HAProxy of our own: started, watched and changed by this weir.');

export type Options = z.infer<typeof optionsSchema>;

/** `settings.haproxy` of a service: a small typed set; raw configuration text is never taken. */
export const serviceOptionsSchema = z
  .strictObject({
    proxyProtocolOut: z.enum(['v1', 'v2']).optional().describe('Send the PROXY protocol to the targets.'),
    retries: z.int().min(0).max(100).optional().describe('As the option of the balancer, for this service.'),
    slowStart: duration.optional().describe('A target that became ready gets its full share after this time.'),
  })
  .describe('What a service may ask of HAProxy beyond the common fields.');

export type ServiceOptions = z.infer<typeof serviceOptionsSchema>;

/** What a process without a limit of its own gets. */
export const defaultConnections = 20_000;

function isFour(address: string): boolean {
  return !address.includes(':');
}

const mostPorts = 4_096;

function isPortRange(text: string): boolean {
  const [from = 0, to = 0] = text.split('-').map(Number);
  return from >= 1 && from <= to && to <= 65_535 && to - from < mostPorts;
}

function isInRange({ portRange = '' }: { readonly portRange?: string | undefined }, port = 0): boolean {
  const [from = 0, to = 0] = portRange.split('-').map(Number);
  return port > 0 && port >= from && port <= to;
}

/** The first and the last port of the range; undefined: there is none. */
export function portRangeOf({ portRange }: Options): { readonly from: number; readonly to: number } | undefined {
  if (portRange === undefined) return undefined;
  const [from = 0, to = 0] = portRange.split('-').map(Number);
  return { from, to };
}

/** Where the process has its files; the session knows, and what is rendered without one is told from it by nothing else. */
export function directoryOf({ dir }: Options): string {
  return dir ?? '.';
}

/** Milliseconds of a duration that the schema accepted. */
export function durationMs(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? Math.min(parsed.value, maxDurationMs) : 0;
}
