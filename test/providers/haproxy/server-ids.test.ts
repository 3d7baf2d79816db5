/** The numbers by which a hash finds servers: each server's own, whatever stands beside it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readBackend } from '../../../providers/haproxy/attrs.ts';
import { serversOf } from '../../../providers/haproxy/layout-server.ts';
import { serverId } from '../../../providers/haproxy/names.ts';
import { backend } from '../../e2e/haproxy-rig.ts';

function optionsOf(targets: readonly string[], balance: string): readonly string[] {
  const resource = backend('b', Object.fromEntries(targets.map((target) => [target, 1])), { balance });
  return [...serversOf(resource, readBackend(resource)).values()].map(
    ({ address, options }) => `${address} ${options}`,
  );
}

describe('servers that a hash chooses', () => {
  test('have the number of their address, whoever comes and goes', () => {
    const three = optionsOf(['10.0.0.1:80', '10.0.0.2:80', '10.0.0.3:80'], 'source');
    const others = optionsOf(['10.0.0.9:80', '10.0.0.3:80', '10.0.0.2:80'], 'source');
    for (const line of three) assert.match(line, / id [1-9]\d{0,6}\b/);
    assert.equal(three.filter((line) => others.includes(line)).length, 2);
  });

  test('that would have one number have two', () => {
    const seen = new Map<number, string>();
    let twins: readonly string[] = [];
    for (let i = 0; twins.length === 0; i++) {
      const address = `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
      const twin = seen.get(serverId(address, 80));
      if (twin !== undefined) twins = [`${twin}:80`, `${address}:80`];
      seen.set(serverId(address, 80), address);
    }
    const lines = optionsOf(twins, 'source');
    assert.equal(lines.filter((line) => line.includes(' id ')).length, 1, lines.join());
    assert.deepEqual([...optionsOf([...twins].reverse(), 'source')].sort(), [...lines].sort());
  });

  test('and others have none', () => {
    assert.ok(optionsOf(['10.0.0.1:80'], 'leastconn').every((line) => !line.includes(' id ')));
  });
});
