import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { announcementFrames, probeFrame } from '../../../../providers/l2/kernel/frames.ts';
import { readGateway } from '../../../../providers/l2/kernel/gateway.ts';
import { edgesOf, ownAddresses, without } from '../../../../providers/l2/kernel/guarded.ts';
import { readStatement } from '../../../../providers/l2/kernel/neighbor-listener.ts';

const link = (name: string, ...addresses: readonly (readonly [string, number])[]) => ({
  name,
  index: 2,
  mac: '02:00:5e:00:53:01',
  usable: true,
  port: false,
  addresses: addresses.map(([address, prefix]) => ({ address, prefix })),
});

describe('what is never guarded', () => {
  const eth0 = link(
    'eth0',
    ['10.0.0.11', 24],
    ['10.0.0.50', 32],
    ['10.0.0.51', 32],
    ['fd09::11', 64],
    ['fd09::50', 128],
  );
  const ipvs = link('kube-ipvs0', ['10.0.0.52', 32]);
  const docker = link('docker0', ['172.17.0.1', 16]);

  it('are addresses by which others reach the machine, but not those held for services', () => {
    const own = ownAddresses(
      [eth0, ipvs, docker],
      [eth0],
      new Set(['fd09::50 eth0']),
      new Set(['10.0.0.50', '10.0.0.11']),
    );
    assert.deepEqual(
      [...own],
      [
        ['10.0.0.11', 'eth0'],
        ['10.0.0.51', 'eth0'],
        ['fd09::11', 'eth0'],
        ['172.17.0.1', 'docker0'],
      ],
    );
  });

  it('leaves a hole in a range, at its ends, in the middle, and nothing of a range of one', () => {
    const ranges = [
      { first: '10.0.0.1', last: '10.0.0.9' },
      { first: 'fd09::1', last: 'fd09::1' },
    ];
    assert.deepEqual(without(ranges, ['10.0.0.1', '10.0.0.5', '10.0.0.9', '10.0.0.77', 'fd09::1', '::1']), [
      { first: '10.0.0.2', last: '10.0.0.4' },
      { first: '10.0.0.6', last: '10.0.0.8' },
    ]);
    assert.deepEqual(without(ranges, []), ranges);
  });

  it('is the gateway of the route that the kernel prefers', () => {
    const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
    const route = (face: string, destination: string, gateway: string, metric: number, mask: string) =>
      `${face}\t${destination}\t${gateway}\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`;
    const text = [
      head,
      route('eth1', '00000000', 'FE00000A', 200, '00000000'),
      route('eth0', '00000000', '0100000A', 100, '00000000'),
      route('eth0', '0000000A', '00000000', 0, '00FFFFFF'),
    ].join('');
    assert.deepEqual(readGateway(text), { face: 'eth0', address: '10.0.0.1' });
    assert.equal(readGateway(head), undefined);
  });

  it('what neighbours say is read; a probe says nothing', () => {
    const mac = '02:00:5e:00:53:07';
    for (const vip of ['10.0.0.1', 'fd09::100'])
      for (const frame of announcementFrames(vip, mac)) assert.deepEqual(readStatement(frame), { address: vip, mac });
    for (const vip of ['10.0.0.1', 'fd09::100']) assert.equal(readStatement(probeFrame(vip, mac)), undefined);
    assert.equal(readStatement(new Uint8Array(10)), undefined);
  });
});

it('addresses of networks and their broadcasts are told, where a subnet has any', () => {
  const faces = [link('eth0', ['10.0.1.77', 23], ['10.0.0.50', 32], ['fd09::11', 64]), link('p2p', ['10.9.9.0', 31])];
  assert.deepEqual(
    [...edgesOf(faces)],
    [
      ['10.0.0.0', 'the address of the network on eth0'],
      ['10.0.1.255', 'the broadcast address of the network on eth0'],
    ],
  );
});
