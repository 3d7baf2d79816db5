/**
 * Leads packets for a set of ports to one, in the kernel: a table of nftables named after the balancer, for connections from outside and
 * from this machine. IPv4 alone: HAProxy 2.6 learns of IPv4 connections only which port the client meant. The whole table is put in force at once; connections that are open stay as they are, whatever the set says.
 */

import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { WeirError } from '../../src/model/index.ts';

/** The rules for one balancer. `addresses` are those that HAProxy listens on. */
export function portSetText(table: string, addresses: readonly string[], to: number, ports: readonly number[]): string {
  const elements = ports.length === 0 ? '' : ` elements = { ${ports.join(', ')} }`;
  const rules = addresses.map((address) => leadLine(address, to)).map((line) => `    ${line}`);
  const chain = (hook: string) => [
    `  chain ${hook} {`,
    `    type nat hook ${hook} priority ${hook === 'output' ? '-100' : 'dstnat'};`,
    ...rules,
    '  }',
  ];
  return [
    // Made first, so that there is one to delete.
    `table inet ${table} {}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    `  set ports { type inet_service;${elements} }`,
    ...chain('prerouting'),
    ...chain('output'),
    '}',
    '',
  ].join('\n');
}

function leadLine(address: string, to: number): string {
  return address === '0.0.0.0'
    ? `meta nfproto ipv4 fib daddr type local tcp dport @ports redirect to :${to}`
    : `ip daddr ${address} tcp dport @ports dnat ip to ${address}:${to}`;
}

export class PortSet {
  readonly #table: string;
  readonly #to: number;
  #last: string | undefined;

  /** `directory` tells balancers of one machine apart. */
  constructor(balancer: string, directory: string, to: number) {
    const name = balancer.replace(/[^A-Za-z0-9]/g, '_').slice(0, 40);
    this.#table = `weir_${name}_${hash('sha256', directory, 'hex').slice(0, 8)}`;
    this.#to = to;
  }

  /** @throws WeirError E_PORT_PERMISSION where the kernel's rules cannot be changed. */
  async check(): Promise<void> {
    await runNft(['list', 'tables'], '');
  }

  /** Puts the set in force; nothing is done while it says the same. @throws WeirError E_PORT_PERMISSION */
  async lead(addresses: readonly string[], ports: readonly number[]): Promise<void> {
    const text = portSetText(this.#table, addresses, this.#to, ports);
    if (text === this.#last) return;
    await runNft(['-f', '-'], text);
    this.#last = text;
  }

  /** Takes the table away. */
  async remove(): Promise<void> {
    this.#last = undefined;
    await runNft(['-f', '-'], `table inet ${this.#table} {}\ndelete table inet ${this.#table}\n`);
  }
}

function runNft(args: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(
        new WeirError(
          'E_PORT_PERMISSION',
          `options.portSet needs nft and CAP_NET_ADMIN (${reason.trim().slice(0, 200)}); give them, or use options.portRange or neither`,
        ),
      );
    const child = spawn('nft', args, { stdio: ['pipe', 'ignore', 'pipe'], timeout: 10_000 });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    child.stdin.on('error', () => undefined);
    child.on('error', (error) => fail(error.message));
    child.on('close', (code) => (code === 0 ? resolve() : fail(said === '' ? `nft ended with ${code}` : said)));
    child.stdin.end(input);
  });
}
