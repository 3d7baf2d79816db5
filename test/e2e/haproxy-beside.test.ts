/** TLS passed through for some names beside HTTPS for the others, on one port of a real HAProxy. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { createServer as createHttp, type Server as HttpServer } from 'node:http';
import { connect as connectH2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { connect, createServer, type Server } from 'node:tls';
import { provider } from '../../providers/haproxy/index.ts';
import { showProcesses } from '../../providers/haproxy/master.ts';
import { optionsSchema } from '../../providers/haproxy/options.ts';
import { makeCertificate } from '../../src/cli/demo/certificate.ts';
import { merge } from '../../src/front/index.ts';
import type { ExportedService, Front, Resource, Session } from '../../src/model/index.ts';
import { listen } from '../fakes/listen.ts';
import { backend, cert, https, route, service, target } from '../front/make-service.ts';
import { freePort, type Rig, signal, startRig } from './haproxy-rig.ts';

const to = (name: string) => ({ type: 'forward', to: [{ backend: name, weight: 1 }] }) as const;

function passing(hosts: readonly string[], name: string, more: Partial<Front> = {}): Front {
  const routes = [{ hosts, filters: [], action: to(name), order: 0 }];
  return { key: 'tls', port: 443, protocol: 'tls', tls: { mode: 'passthrough', certs: [] }, routes, ...more };
}

/** Speaks TLS with a certificate of its own and says its name. */
function startPassed(name: string): Server {
  const { bundlePem } = makeCertificate({ names: [`${name}.target`] });
  return createServer({ cert: bundlePem, key: bundlePem }, (socket) => socket.end(name));
}

/** Says who it believes the client to be. */
function startEnded(): HttpServer {
  return createHttp(({ headers }, response) =>
    response.end(`ended ${headers['x-forwarded-for']} ${headers['x-forwarded-proto']}`),
  );
}

describe('pass-through beside HTTPS', () => {
  let rig: Rig;
  let session: Session;
  let port = 0;
  const passed = new Map(['one', 'two'].map((name) => [name, startPassed(name)]));
  const ended = startEnded();
  const options = optionsSchema.parse({ addresses: ['127.0.0.1'] });
  const ports: Record<string, number> = {};
  before(async () => {
    rig = await startRig();
    session = await rig.open();
    port = await freePort();
    for (const [name, server] of passed) ports[name] = await listen(server);
    ports.ended = await listen(ended);
  });
  after(async () => {
    await rig.end();
    for (const server of passed.values()) server.close();
    ended.close();
  });

  const named = (id: string, hosts: readonly string[], name: string, more: Partial<Front> = {}) =>
    service(id, [passing(hosts, name, more)], {
      backends: { [name]: backend({ targets: [target('127.0.0.1', ports[name])], protocol: 'tcp' }) },
      createdMs: 5,
    });
  let certificate = '';
  function web(hosts: readonly string[], more: Partial<Front> = {}): ExportedService {
    certificate ||= rig.secret(makeCertificate({ names: ['web.test', '*.mixed.test', 'late.test'] }).bundlePem);
    const names = ['web.test', '*.mixed.test', 'late.test'];
    const front = https([route(hosts)], [cert(certificate, names)], more);
    return service('s/web', [front], { backends: { web: backend({ targets: [target('127.0.0.1', ports.ended)] }) } });
  }
  async function serve(services: readonly ExportedService[]): Promise<readonly string[]> {
    const placed = services.map((one) => ({ ...one, fronts: one.fronts.map((front) => ({ ...front, port })) }));
    const merged = merge(placed, provider.capabilities);
    const { resources, problems } = provider.model(
      {
        balancer: 'edge',
        node: 'n1',
        groups: merged.groups,
        settings: new Map(),
        nodes: [],
        environment: {},
        present: [],
      },
      options,
    );
    await session.commit?.([], resources as readonly Resource[], signal);
    return [...merged.problems, ...problems].map(({ code, service: id }) => `${code} ${id}`);
  }
  const reloads = () =>
    [...rig.metrics].filter(([name]) => name.startsWith('weir_haproxy_reloads')).reduce((sum, [, n]) => sum + n, 0);

  /** Who answers, after `before` was sent in front of the hello. */
  function ask(servername: string, host = servername, before = ''): Promise<string> {
    return new Promise((resolve) => {
      const tcp = connectTcp(port, '127.0.0.1', () => {
        if (before !== '') tcp.write(before);
        const socket = connect({ socket: tcp, servername, rejectUnauthorized: false }, () =>
          socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`),
        );
        let text = '';
        socket.on('data', (chunk: Buffer) => {
          text += String(chunk);
        });
        socket.on('error', () => undefined);
        socket.on('close', () => resolve(text.split('\r\n\r\n').pop() || text.slice(9, 12) || 'closed'));
      });
      tcp.on('error', () => undefined);
    });
  }

  test('one reload makes a port of both; further names, wildcards and hosts need none', async () => {
    assert.deepEqual(await serve([web(['web.test'])]), []);
    assert.equal(await ask('web.test'), 'ended 127.0.0.1 https');
    assert.deepEqual(await serve([web(['web.test']), named('s/one', ['one.test'], 'one')]), []);
    assert.equal(reloads(), 1);
    assert.equal(await ask('one.test'), 'one');
    assert.equal(await ask('web.test'), 'ended 127.0.0.1 https');
    const more = [named('s/one', ['one.test'], 'one'), named('s/two', ['two.test', '*.mixed.test'], 'two')];
    assert.deepEqual(await serve([web(['web.test']), ...more]), []);
    assert.equal(await ask('two.test'), 'two');
    assert.equal(await ask('x.mixed.test'), 'two');
    // A host of its own within the wildcard that is passed through.
    assert.deepEqual(await serve([web(['web.test', 'own.mixed.test']), ...more]), []);
    assert.equal(await ask('own.mixed.test'), 'ended 127.0.0.1 https');
    assert.equal(await ask('x.mixed.test'), 'two');
    assert.equal(await ask('WEB.test'), 'ended 127.0.0.1 https');
    assert.equal(reloads(), 1);
  });

  test('a connection for one host is not used for a host that is passed through', async () => {
    assert.match(await ask('web.test', 'two.test'), /^421/);
    assert.match(await ask('own.mixed.test', 'x.mixed.test'), /^421/);
    assert.equal(await ask('web.test', 'own.mixed.test'), 'ended 127.0.0.1 https');
  });

  test('HTTP/2 is still offered, and the client keeps its address', async () => {
    const client = connectH2(`https://127.0.0.1:${port}`, { servername: 'web.test', rejectUnauthorized: false });
    const body = await new Promise<string>((resolve, reject) => {
      client.on('error', reject);
      const stream = client.request({ ':path': '/', ':authority': 'web.test' });
      let text = '';
      stream.on('data', (chunk: Buffer) => {
        text += String(chunk);
      });
      stream.on('end', () => resolve(text));
      stream.end();
    });
    client.close();
    assert.equal(body, 'ended 127.0.0.1 https');
  });

  test('the next session finds it as it was left, and tells where both are reached', async () => {
    await session.close('leave');
    session = await rig.open();
    const observed = await session.observe('all', signal);
    assert.ok(observed.some(({ kind }) => kind === 'Settings'));
    const reports = session.report([web([]), named('s/two', [], 'two')], observed);
    assert.deepEqual(
      reports.map(({ addresses }) => addresses),
      [[{ ip: '127.0.0.1', ports: [port] }], [{ ip: '127.0.0.1', ports: [port] }]],
    );
    assert.equal(reloads(), 1);
  });

  test('the PROXY protocol is taken at the port, for both', async () => {
    const proxied = { proxyProtocol: true };
    assert.deepEqual(await serve([web(['web.test'], proxied), named('s/one', ['one.test'], 'one', proxied)]), []);
    const line = 'PROXY TCP4 192.0.2.9 127.0.0.1 1234 443\r\n';
    assert.equal(await ask('web.test', 'web.test', line), 'ended 192.0.2.9 https');
    assert.equal(await ask('one.test', 'one.test', line), 'one');
  });

  test('the older service has a name; a pass-through for all the rest finds no place', async () => {
    const late = web(['web.test', 'one.test']);
    assert.deepEqual(await serve([{ ...late, origin: { ...late.origin } }, named('s/one', ['one.test'], 'one')]), [
      'E_ROUTE_CONFLICT s/one',
    ]);
    const { routes: _, ...plain } = passing([], 'one');
    const taking = { ...named('s/rest', [], 'one'), fronts: [{ ...plain, routes: [], default: to('one') }] };
    assert.deepEqual(await serve([web(['web.test']), named('s/one', ['one.test'], 'one'), taking]), [
      'E_PORT_CONFLICT s/rest',
    ]);
    assert.equal(await ask('web.test'), 'ended 127.0.0.1 https');
  });

  test('the path of the runtime socket is taken away: it is there again behind the next change, both kinds are served all the time', async () => {
    const services = [web(['web.test']), named('s/one', ['one.test'], 'one')];
    await serve(services);
    const masterOf = async () => (await showProcesses(`${rig.directory}/master.sock`))?.master;
    const before = await masterOf();
    const wrong: string[] = [];
    let asked = 0;
    let done = false;
    const clients = ['web.test', 'one.test', 'web.test', 'one.test'].map(async (name) => {
      for (; !done; asked++) {
        const answer = await ask(name);
        if (answer !== (name === 'one.test' ? 'one' : 'ended 127.0.0.1 https')) wrong.push(`${name}: ${answer}`);
      }
    });
    try {
      await unlink(rig.socket);
      await session.close('leave');
      session = await rig.open();
      await serve([...services, named('s/two', ['two.test'], 'two')]);
      assert.equal(await masterOf(), before);
      assert.ok(existsSync(rig.socket));
      assert.equal(await ask('two.test'), 'two');
    } finally {
      done = true;
      await Promise.all(clients);
    }
    assert.deepEqual(wrong, []);
    assert.ok(asked > 20, `${asked} connections`);
  });
});
