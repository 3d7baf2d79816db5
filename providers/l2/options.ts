/** What the configuration says about announcing (`options` of a balancer); a service has no settings of its own here. */
import { z } from 'zod';
import { type Parsed, parseAddress, parseCidr, parseName } from '../../src/net/index.ts';
import { modeNotice, modes } from './protocol/modes.ts';

export type * from './speaker-words.ts';

/** A text that `parse` accepts; it stays text, so that the file, the schema and what is printed read alike. */
function checked(parse: (text: string) => Parsed<unknown>) {
  return z.string().superRefine((text, ctx) => {
    const parsed = parse(text);
    if (!parsed.ok) ctx.addIssue({ code: 'custom', message: parsed.reason });
  });
}

/** Away from 7946, where MetalLB's speakers talk to each other. */
export const defaultPort = 7949;

const port = z.int().min(1).max(65_535);
const nodeName = checked(parseName);
/** A name of an interface as the kernel takes it, `*` for any text. */
const pattern = z
  .string()
  .regex(/^[A-Za-z0-9*._@:-]{1,15}$/, 'must be the name of an interface, * for any text, e.g. eth0 or bond*');

const peer = z.strictObject({
  name: nodeName.describe('`instance` of the weir there (its host name, where the configuration names none).'),
  address: checked(parseAddress).describe('Where it hears the others: an address of its own, none out of a pool.'),
  port: port.optional().describe('Default: `port` of these options.'),
  witness: z.boolean().default(false).describe('It decides with the others and announces nothing.'),
});

const interfaces = z
  .strictObject({
    include: z
      .array(pattern)
      .min(1)
      .optional()
      .describe('Those that announce; absent: every one with an Ethernet address that `exclude` leaves.'),
    exclude: z
      .array(pattern)
      .optional()
      .describe('Those that do not; default: towards containers and tunnels (docker*, veth*, cali*, cni*, wg* …).'),
    subnets: z.array(checked(parseCidr)).min(1).optional().describe('Only those with an address in one of these.'),
  })
  .prefault({});

export const options = z
  .strictObject({
    peers: z
      .array(peer)
      .superRefine((list, ctx) => {
        const seen = new Map<string, string>();
        for (const [at, { name, address, port }] of list.entries()) {
          const place = `${address} ${port ?? ''}`;
          const other = seen.get(place);
          if (seen.has(`name ${name}`))
            ctx.addIssue({ code: 'custom', path: [at, 'name'], message: 'is there before' });
          else if (other !== undefined)
            ctx.addIssue({
              code: 'custom',
              path: [at, 'address'],
              message: `is that of ${other}; each machine has its own`,
            });
          seen.set(`name ${name}`, name).set(place, name);
        }
      })
      .default([])
      .describe(
        'The machines that announce together; this one may be among them, so that one file fits all. In Kubernetes they are found by themselves.',
      ),
    address: checked(parseAddress)
      .optional()
      .describe('Where this machine hears its peers; default: what `peers` says of it, else every address.'),
    port: port.default(defaultPort).describe('UDP port on which the machines hear each other.'),
    secretFile: z
      .string()
      .min(1)
      .meta({ format: 'path' })
      .optional()
      .describe(
        'File with the secret of all machines, 16 bytes or more, e.g. of `openssl rand -base64 32`; needed where there are peers.',
      ),
    cluster: nodeName
      .default('weir')
      .describe('Tells groups of machines on one network apart; the same on all of one.'),
    voters: z
      .array(nodeName)
      .min(1)
      .max(7)
      .optional()
      .describe(
        'Machines that decide who answers; default: 1, 3 or, of seven machines and more, 5; witnesses first, then by name. In Kubernetes a Lease keeps them.',
      ),
    mode: z
      .enum(modes)
      .optional()
      .describe(
        `What decides while two vote; the same on all. ${modes.map((mode) => `${mode}: ${modeNotice(mode)}`).join('. ')}. Default: api in Kubernetes, else available.`,
      ),
    interfaces: interfaces.describe('On which interfaces addresses are announced.'),
    choice: z
      .enum(['spread', 'metallb'])
      .default('spread')
      .describe('Who gets a new address: the machine that has the fewest, or by the hash that MetalLB uses.'),
    followHealth: z
      .enum(['auto', 'always', 'never'])
      .default('auto')
      .describe(
        'Whether a machine on which nothing answers TCP at its addresses gives them away; auto: for services that another balancer of this weir (HAProxy) serves.',
      ),
    ignoreExcludeLabel: z
      .boolean()
      .default(false)
      .describe('Nodes with the label node.kubernetes.io/exclude-from-external-load-balancers announce, too.'),
    beatMs: z
      .int()
      .min(10)
      .max(10_000)
      .default(100)
      .describe(
        'How often the machines tell that they live, in milliseconds; one that dies is followed after about 3.3 of them. The same on all.',
      ),
    refreshMs: z
      .int()
      .min(0)
      .default(60_000)
      .describe('How often addresses are announced again, in milliseconds, for switches that forget; 0: never.'),
    ungated: z
      .boolean()
      .default(false)
      .describe(
        'Without nft: addresses are added and removed. After a death two machines may answer until it is back.',
      ),
  })
  .superRefine(({ mode, peers }, ctx) => {
    const refuse = (message: string) => ctx.addIssue({ code: 'custom', path: ['mode'], message });
    if (mode === 'witness' && !peers.some(({ witness }) => witness))
      refuse('needs a machine that votes and announces nothing: give one of the peers `witness: true`');
    if (mode === 'api' && peers.length > 0)
      refuse('needs the API server of a cluster, which finds the peers: remove peers, or take another mode');
  })
  .superRefine(({ voters, peers }, ctx) => {
    if (voters === undefined || peers.length === 0) return;
    const strange = voters.flatMap((name, at) => (peers.some((one) => one.name === name) ? [] : [at]));
    // This machine may be missing among its peers: one name can only be its own.
    if (strange.length <= 1) return;
    for (const at of strange) ctx.addIssue({ code: 'custom', path: ['voters', at], message: 'is not among peers' });
  });

export type Options = z.infer<typeof options>;

/** Nothing can be set for one service alone. */
export const serviceOptions = z.strictObject({});

export type ServiceOptions = z.infer<typeof serviceOptions>;
