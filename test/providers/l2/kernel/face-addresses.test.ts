import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { additionRequest, readAddresses } from '../../../../providers/l2/kernel/face-addresses.ts';
import { readGuarded } from '../../../../providers/l2/kernel/gate-batch.ts';
import {
  attribute,
  hostNumber,
  joined,
  message,
  nested,
  netNumber,
  readMessages,
} from '../../../../providers/l2/kernel/netlink.ts';

/** As the kernel tells an address: family, prefix, its own flags of one byte, interface, then the parts. */
const told = (head: readonly number[], index: number, ...parts: readonly Uint8Array[]) =>
  readAddresses(readMessages(message(20, 0, 1, joined([Uint8Array.from(head), hostNumber(index)]), ...parts)));
const v6 = Uint8Array.of(0xfd, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0);

describe('addresses on interfaces', () => {
  it('that are asked for are read as what is ours, once the kernel has marked them as not to be preferred', () => {
    const deprecated = 0x20;
    for (const [address, prefix, flags] of [
      ['fd09::100', 128, 0x02],
      ['10.0.0.1', 32, 0x200],
    ] as const) {
      const [request] = readMessages(additionRequest(address, prefix, 7, 119));
      assert.ok(request);
      const asked = readAddresses([request]);
      assert.deepEqual(asked, [{ address, index: 7, protocol: 119, parked: false }]);
      const family = address.includes(':') ? 10 : 2;
      const bytes = family === 10 ? v6 : Uint8Array.of(10, 0, 0, 1);
      const parts = [attribute(1, bytes), attribute(8, hostNumber(flags | deprecated))];
      assert.deepEqual(told([family, prefix, 0, 0], 7, ...parts), [{ address, index: 7, protocol: 0, parked: true }]);
    }
  });

  it('of other families, cut off, or with neither flag are nobody’s', () => {
    assert.deepEqual(told([45, 32, 0, 0], 7, attribute(2, Uint8Array.of(1))), []);
    assert.deepEqual(readAddresses([{ type: 20, body: Uint8Array.of(10, 1) }]), []);
    const [plain] = told([10, 128, 0, 0], 2, attribute(1, v6));
    assert.deepEqual(plain, { address: 'fd09::100', index: 2, protocol: 0, parked: false });
  });
});

describe('what gates guard', () => {
  const edge = (bytes: Uint8Array, end = false) =>
    nested(1, nested(1, attribute(1, bytes)), ...(end ? [attribute(3, netNumber(1, 4))] : []));
  const elements = (...edges: readonly Uint8Array[]) =>
    readMessages(message(0xa0c, 0, 1, new Uint8Array(4), nested(3, ...edges)));

  it('is what lies between the edges that the kernel tells, in whatever order', () => {
    const said = elements(
      edge(Uint8Array.of(10, 0, 0, 20), true),
      edge(Uint8Array.of(10, 0, 0, 10)),
      edge(Uint8Array.of(0, 0, 0, 0), true),
      edge(Uint8Array.of(255, 255, 255, 250)),
    );
    const guarded = readGuarded(said, 'ipv4');
    const asked = ['10.0.0.9', '10.0.0.10', '10.0.0.19', '10.0.0.20', '255.255.255.255', 'fd09::1'];
    assert.deepEqual(asked.map(guarded), [false, true, true, false, true, false]);
    assert.equal(readGuarded([], 'ipv6')('fd09::1'), false);
  });
});
