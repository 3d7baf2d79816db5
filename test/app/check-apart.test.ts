import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { provider as awselb } from '../../providers/awselb/index.ts';
import { checkApart } from '../../src/app/check-apart.ts';
import { openApp } from '../../src/app.ts';
import { configSchema } from '../../src/config/config.ts';
import type { Provider } from '../../src/model/index.ts';

const provider = awselb as Provider;
const one = (name: string, options: object) => ({ name, provider, options: awselb.options.parse(options) });

describe('two balancers in one account', () => {
  it('with one cluster name are refused, both named, with the remedy', () => {
    const twins = [one('public', {}), one('inside', { region: 'eu-west-1' })];
    assert.throws(
      () => checkApart(twins),
      /balancers public and inside: both have clusterName weir.*clusterName of its own/,
    );
  });

  it('stand where names, regions or accounts differ', () => {
    for (const options of [{ clusterName: 'b' }, { region: 'eu-west-2' }, { profile: 'other' }])
      checkApart([one('a', { region: 'eu-west-1' }), one('b', { region: 'eu-west-1', ...options })]);
  });

  it('are told before anything is contacted', async () => {
    const balancers = ['a', 'b'].map((name) => ({ name, provider: 'awselb' }));
    const config = configSchema.parse({ balancers, sources: [] });
    await assert.rejects(openApp(config), { code: 'E_CONFIG' });
  });
});
