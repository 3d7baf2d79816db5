import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configSchema, renderReference } from '../../src/config/index.ts';

/** `path: message` of what is wrong. */
function faults(config: object): readonly string[] {
  const { error } = configSchema.safeParse(config);
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const pool = { name: 'p', ranges: ['192.0.2.0/24'] };

describe('pools in weir.yaml', () => {
  it('have what they need, and defaults', () => {
    const { pools, onPoolChange } = configSchema.parse({ pools: [pool] });
    assert.deepEqual(pools, [{ ...pool, autoAssign: true, avoidBuggyIPs: false, priority: 0 }]);
    assert.equal(onPoolChange, 'keep');
  });

  it('that cannot be meant are told with their field', () => {
    assert.match(faults({ pools: [{ name: 'p' }] }).join(), /^pools\.0\.ranges: /);
    assert.match(faults({ pools: [{ ...pool, ranges: [] }] }).join(), /^pools\.0\.ranges: /);
    assert.match(faults({ pools: [{ ...pool, name: 'a b' }] }).join(), /^pools\.0\.name: must be of letters/);
    assert.match(faults({ pools: [pool, pool] }).join(), /^pools\.1\.name: must be unique/);
    assert.match(faults({ pools: [{ ...pool, priority: -1 }] }).join(), /^pools\.0\.priority: /);
    assert.match(
      faults({ pools: [{ ...pool, serviceSelectors: ['a b'] }] }).join(),
      /^pools\.0\.serviceSelectors\.0: must be terms/,
    );
    assert.match(faults({ pools: [{ ...pool, addresses: [] }] }).join(), /addresses/);
    assert.match(faults({ onPoolChange: 'move' }).join(), /^onPoolChange: /);
  });

  it('are where services are reached: nothing else is published', () => {
    const balancer = (publish: object) => ({ balancers: [{ provider: 'haproxy', fromPools: true, publish }] });
    assert.deepEqual(faults(balancer({ ipMode: 'Proxy' })), []);
    assert.match(
      faults(balancer({ nodes: 'internal' })).join(),
      /^balancers\.0\.publish\.nodes: cannot stand beside fromPools/,
    );
  });

  it('stand in the reference', () => {
    const reference = renderReference();
    for (const key of ['pools[].ranges', 'onPoolChange', 'balancers[].fromPools', 'sources[kubernetes].poolsNamespace'])
      assert.ok(reference.includes(`\`${key}\``), key);
  });
});
