/**
 * The least that a change of the API can cost: a bare watch and a runtime command on a HAProxy of its own, in a process of its own. Options
 * come as JSON in argv; when both watches stand it says over IPC which process its HAProxy is; it ends when it is left alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiObject } from '../../kube/request.ts';
import { makeClient } from '../../kube/request.ts';
import type { EndpointSlice } from '../../kube/workload.ts';

export interface FloorOptions {
  readonly url: string;
  readonly caFile: string;
  readonly token: string;
  readonly namespace: string;
  /** Of the EndpointSlice. */
  readonly slice: string;
  readonly folder: string;
  /** HAProxy listens there on port 80. */
  readonly address: string;
  readonly podPort: number;
  /** Hosts from the start. */
  readonly host: string;
}

interface Ingress extends ApiObject {
  readonly spec: { readonly rules: readonly { readonly host: string }[] };
}

async function startProxy({ folder, address, host }: FloorOptions): Promise<ChildProcess> {
  await writeFile(`${folder}/hosts.map`, `${host} web\n`);
  await writeFile(
    `${folder}/floor.cfg`,
    `global
  stats socket ${folder}/floor.sock mode 600 level admin
  maxconn 4000
defaults
  mode http
  # A connection that is in use while the address changes would be used again.
  option http-server-close
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend web
  bind ${address}:80
  use_backend %[req.hdr(host),lower,map(${folder}/hosts.map)]
backend web
  server one 127.0.0.1:1
`,
  );
  const child = spawn('haproxy', ['-db', '-f', `${folder}/floor.cfg`], { stdio: 'inherit', detached: true });
  for (let tries = 0; ; tries++) {
    if (child.exitCode !== null || tries > 500) throw new Error('the HAProxy of the floor does not run');
    const answer = await command(`${folder}/floor.sock`, 'show version').catch(() => '');
    if (answer !== '') return child;
    await sleep(20);
  }
}

async function command(path: string, line: string): Promise<string> {
  const socket = connect({ path });
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  socket.end(`${line}\n`);
  await once(socket, 'close');
  return text;
}

if (import.meta.main) {
  const options: FloorOptions = JSON.parse(process.argv[2] ?? '{}');
  const { url, caFile, token, namespace, slice, folder, podPort } = options;
  const proxy = await startProxy(options);
  process.on('disconnect', () => {
    proxy.kill('SIGKILL');
    process.exit(0);
  });
  process.on('SIGINT', () => {});
  const { watch } = makeClient(url, caFile, `Bearer ${token}`);
  const socket = `${folder}/floor.sock`;
  const told = new AbortController().signal;
  const known = new Set([options.host]);
  let standing = 0;
  const stands = () => {
    if (++standing === 2) process.send?.(proxy.pid);
  };
  let address = '';
  void watch<EndpointSlice>(
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?watch=1&fieldSelector=metadata.name%3D${slice}`,
    ({ object }) => {
      if (address === '') stands();
      const next = object.endpoints?.[0]?.addresses[0] ?? '';
      if (next === address) return;
      address = next;
      void command(socket, `set server web/one addr ${address} port ${podPort}`);
    },
    told,
  );
  let first = true;
  void watch<Ingress>(
    `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses?watch=1`,
    ({ type, object }) => {
      if (first) stands();
      first = false;
      if (type !== 'ADDED' && type !== 'MODIFIED') return;
      for (const { host } of object.spec.rules) {
        if (known.has(host)) continue;
        known.add(host);
        void command(socket, `add map ${folder}/hosts.map ${host} web`);
      }
    },
    told,
  );
}
