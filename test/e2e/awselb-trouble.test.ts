/** What stands between a user and AWS: each is one clear error with its remedy, and nothing that serves is lost. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { networkService } from '../bench/awselb/manifests.ts';
import type { Fault } from '../fakes/aws/index.ts';
import { AwsUser } from './awselb-user.ts';

let user: AwsUser;
let standing: readonly string[] = [];
const service = (address: string) =>
  networkService({ namespace: 'shop', name: 'db', ports: [5432], endpoints: [{ address }] });

before(async () => {
  user = await AwsUser.start();
  await user.put('db', service('10.0.135.10'));
  const { code, out, err } = await user.weir(['apply']);
  assert.equal(code, 0, out + err);
  standing = user.ours();
  // From now on there is something to do.
  await user.put('db', service('10.0.135.11'));
});

after(() => user?.end());

interface Trouble {
  readonly name: string;
  readonly faults?: readonly Fault[];
  readonly env?: Readonly<Record<string, string>>;
  readonly code: RegExp;
  readonly told: RegExp;
}

const troubles: readonly Trouble[] = [
  {
    name: 'expired credentials',
    faults: [
      {
        effect: {
          kind: 'error',
          code: 'ExpiredToken',
          message: 'The security token included in the request is expired',
        },
      },
    ],
    code: /E_CLOUD_CREDENTIALS/,
    told: /the AWS credentials have expired/,
  },
  {
    name: 'no such key',
    faults: [
      {
        effect: {
          kind: 'error',
          code: 'InvalidClientTokenId',
          message: 'The security token included in the request is invalid.',
          status: 403,
        },
      },
    ],
    code: /E_CLOUD_CREDENTIALS/,
    told: /AWS does not accept the credentials/,
  },
  {
    name: 'no credentials at all',
    env: {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      AWS_CONFIG_FILE: '/dev/null',
    },
    code: /E_CLOUD_CREDENTIALS/,
    told: /no AWS credentials are found, \w+ was not sent[\s\S]*Give valid ones \(environment, profile/,
  },
  {
    name: 'a clock that is wrong',
    faults: [
      {
        effect: {
          kind: 'error',
          code: 'SignatureDoesNotMatch',
          message: 'Signature expired: 20260101T000000Z is now earlier than 20260101T001500Z',
          status: 403,
        },
      },
    ],
    code: /E_CLOUD_CLOCK/,
    told: /the clock of this machine differs from that of AWS/,
  },
  {
    name: 'an endpoint that nobody listens on',
    env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    code: /E_CLOUD_UNREACHABLE/,
    told: /the endpoint of \w+ in region eu-west-1 cannot be reached: ECONNREFUSED/,
  },
  {
    name: 'a wrong region',
    env: { AWS_REGION: 'eu-nowhere-1' },
    code: /E_DISCOVERY|E_CLOUD/,
    told: /eu-nowhere-1|no VPC found/,
  },
  {
    name: 'a permission that is missing to write',
    faults: [{ action: 'RegisterTargets', effect: { kind: 'deny' } }],
    code: /E_CLOUD_PERMISSION/,
    told: /elasticloadbalancing:RegisterTargets.* is not allowed[\s\S]*"Action": "elasticloadbalancing:RegisterTargets"/,
  },
];

describe('told once, with the remedy, and nothing is lost', () => {
  for (const { name, faults = [], env = {}, code, told } of troubles) {
    test(name, async () => {
      for (const fault of faults) user.aws.faults.add(fault);
      try {
        const result = await user.weir(['apply'], env);
        const text = result.out + result.err;
        assert.ok(result.code === 1 || result.code === 3, `${result.code}: ${text}`);
        assert.match(text, code);
        assert.match(text, told);
        assert.doesNotMatch(text, /\n\s+at .*\(/, 'no stack of the program');
        assert.deepEqual(user.ours(), standing);
      } finally {
        user.aws.faults.clear();
      }
    });
  }

  test('and when it is over the change is made', async () => {
    const { code, out, err } = await user.weir(['apply']);
    assert.equal(code, 0, out + err);
    const [group] = [...user.aws.world.elb.targetGroups.all()];
    assert.ok([...(group?.targets.values() ?? [])].some(({ id }) => id === '10.0.135.11'));
  });
});
