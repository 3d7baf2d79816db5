import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseLinks, type InterfaceChoice, readLinks } from '../../../../providers/l2/kernel/interfaces.ts';

const link = (ifname: string, ifindex: number, more: object = {}) => ({
  ifname,
  ifindex,
  flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
  link_type: 'ether',
  address: '02:00:5e:00:53:01',
  addr_info: [{ family: 'inet', local: `10.${ifindex}.0.1`, prefixlen: 24 }],
  ...more,
});
const links = readLinks(
  JSON.stringify([
    link('lo', 1, { link_type: 'loopback', address: '00:00:00:00:00:00' }),
    link('eth0', 2),
    link('eth1', 3, { flags: ['UP'] }),
    link('eth2', 4, { master: 'br0', linkinfo: { info_slave_kind: 'bridge' } }),
    link('br0', 5),
    link('eth3', 6, { master: 'blue', linkinfo: { info_slave_kind: 'vrf' } }),
    link('eth0.5', 7, { linkinfo: { info_kind: 'vlan' } }),
    link('wg0', 8, { link_type: 'none', address: undefined }),
    link('vethab12', 9),
    link('kube-ipvs0', 10, { flags: ['BROADCAST', 'NOARP'] }),
    {},
  ]),
);

function names(choice: InterfaceChoice): readonly string[] {
  return chooseLinks(links, choice).chosen.map(({ name }) => name);
}

describe('interfaces', () => {
  it('that announce without a choice are all that can, VLANs and bridges too, but not their ports and not those of containers', () => {
    assert.deepEqual(names({}), ['eth0', 'br0', 'eth3', 'eth0.5']);
  });

  it('are chosen by name, by exclusion and by subnet', () => {
    assert.deepEqual(names({ include: ['eth*'] }), ['eth0', 'eth3', 'eth0.5']);
    assert.deepEqual(names({ include: ['eth*'], exclude: ['eth0.*'] }), ['eth0', 'eth3']);
    assert.deepEqual(
      names({ exclude: ['eth?', 'eth0'] }),
      ['br0', 'eth3', 'eth0.5', 'vethab12'],
      'only * stands for other text',
    );
    assert.deepEqual(names({ subnets: ['10.5.0.0/16', '10.7.0.0/30'] }), ['br0', 'eth0.5']);
  });

  it('that do not announce say why', () => {
    const { passed } = chooseLinks(links, {});
    assert.deepEqual(Object.fromEntries(passed), {
      lo: 'is excluded by lo',
      eth1: 'is down, has no carrier or does no ARP',
      eth2: 'is a port of another interface, which speaks for it',
      wg0: 'is excluded by wg*',
      vethab12: 'is excluded by veth*',
      'kube-ipvs0': 'is excluded by kube-*',
    });
    assert.equal(chooseLinks(links, { include: ['wg0'] }).passed.get('wg0'), 'has no Ethernet address');
    assert.equal(
      chooseLinks(links, { subnets: ['10.9.0.0/16'] }).passed.get('eth0'),
      'has no address in the subnets named',
    );
    assert.equal(chooseLinks(links, { include: ['eth1'] }).passed.get('br0'), 'is not among those named');
  });
});
