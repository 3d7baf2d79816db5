import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createInterfaces } from '../../../providers/awselb/interfaces.ts';

it('an address that a known interface holds in reserve is not asked for, and one that nobody holds is', async () => {
  const asked: string[][] = [];
  const eni = (id: string, ...PrivateIpAddresses: string[]) => ({
    NetworkInterfaceId: id,
    PrivateIpAddresses,
    Ipv6Addresses: [],
    SecurityGroups: [`sg-${id}`],
  });
  const all = [eni('eni-1', '10.0.0.1', '10.0.0.2', '10.0.0.3'), eni('eni-2', '10.0.1.1')];
  const find = createInterfaces(100, async (addresses) => {
    asked.push([...addresses]);
    return all.filter(({ PrivateIpAddresses }) => PrivateIpAddresses.some((one) => addresses.includes(one)));
  });
  const at = async (nowMs: number, ...addresses: string[]) =>
    (await find(addresses, nowMs)).map(({ NetworkInterfaceId }) => NetworkInterfaceId);
  assert.deepEqual(await at(0, '10.0.0.1'), ['eni-1']);
  assert.deepEqual(await at(1, '10.0.0.2'), ['eni-1']);
  assert.deepEqual(await at(2, '10.0.0.2', '10.0.0.3', '10.0.1.1'), ['eni-1', 'eni-2']);
  assert.deepEqual(await at(3, '10.0.9.9'), []);
  assert.deepEqual(await at(4, '10.0.9.9'), []);
  assert.deepEqual(asked, [['10.0.0.1'], ['10.0.1.1'], ['10.0.9.9']]);
  // What was learnt from an old answer is as old as that.
  assert.deepEqual(await at(50, '10.0.0.1'), ['eni-1']);
  assert.deepEqual(await at(140, '10.0.0.1', '10.0.0.2'), ['eni-1']);
  assert.deepEqual(await at(151, '10.0.0.1', '10.0.0.2'), ['eni-1']);
  assert.deepEqual(asked.slice(3), [['10.0.0.1'], ['10.0.0.1', '10.0.0.2']]);
});
