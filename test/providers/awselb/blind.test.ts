/** What is rendered where nobody looked into an account: everything but what is found there. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { backend, exact, https, route, service, target } from '../../front/make-service.ts';
import { desire, environment, find, told } from './desire.ts';

const web = service('shop/web', [https([route(['web.test'], exact('/'))], [])], {
  backends: { web: backend({ targets: [target('10.0.0.1', 8080)] }) },
});
const severities = (desired: ReturnType<typeof desire>) => desired.problems.map(({ severity }) => severity);

describe('without an account', () => {
  it('a load balancer is rendered without its subnets and certificates, and both are told', () => {
    const desired = desire([web], { environment: {} });
    assert.deepEqual(
      told(desired).map((one) => one.trim()),
      ['E_DISCOVERY shop/web settings.awselb.subnets', 'E_DISCOVERY shop/web settings.awselb.certificateArns'],
    );
    assert.deepEqual(severities(desired), ['warning', 'warning']);
    assert.deepEqual(find(desired.resources, 'LoadBalancer').attrs.SubnetMappings, []);
    assert.equal(find(desired.resources, 'Listener').sets.Certificates?.size ?? 0, 0);
    find(desired.resources, 'TargetGroup');
  });

  it('an account that was looked into and has none refuses', () => {
    for (const more of [{ Subnets: [] }, { Searched: true }]) {
      const desired = desire([web], { environment: { ...environment, ...more } });
      assert.equal(desired.problems[0]?.severity, 'error');
    }
  });
});
