/** Errors of clouds, and of what weir finds in them: part of the table in errors.ts. */
import type { ErrorEntry } from './error-entry.ts';

export const cloudErrors = {
  E_QUOTA: {
    class: 'refused',
    title: 'a quota of the cloud account would be passed',
    hint: 'Raise the quota, or share or remove something; everything else goes on.',
  },
  E_DISCOVERY: {
    class: 'refused',
    title: 'something that the cloud account should have was not found',
    hint: 'Create or tag it, or name it in the settings; what exists of the service stays as it is.',
  },
  E_CLOUD_BUSY: {
    class: 'retry',
    title: 'the API of the cloud is throttled or unavailable',
    hint: 'weir run asks more slowly and goes on by itself, a single command is to be given again; other users of the account may take its share.',
  },
  E_CLOUD_UNREACHABLE: {
    class: 'retry',
    title: 'the API of the cloud cannot be reached',
    hint: 'Check the network, proxy, region and endpoint; what exists goes on serving.',
  },
  E_CLOUD_PERMISSION: {
    class: 'refused',
    title: 'the cloud does not allow a call',
    hint: 'Allow the action that the message names.',
  },
  E_CLOUD_CREDENTIALS: {
    class: 'retry',
    title: 'the cloud does not accept the credentials, or there are none',
    hint: 'Give valid ones (environment, profile, role, metadata); weir run then goes on by itself.',
  },
  E_CLOUD_CLOCK: {
    class: 'retry',
    title: 'the clock of this machine is wrong for the API of the cloud',
    hint: 'Synchronise the clock (NTP); weir run then goes on by itself.',
  },
  E_CLOUD_REFUSED: {
    class: 'refused',
    title: 'the cloud does not accept a value',
    hint: 'Change what the message names; everything else goes on.',
  },
  E_CONSENT: {
    class: 'refused',
    title: 'a change takes something away from clients and nobody has agreed to it',
    hint: 'Set the consent that the message names, or take the change back.',
  },
  W_NAME_CHANGES: {
    class: 'warning',
    title: 'a load balancer is replaced and its DNS name changes',
    hint: 'Point DNS names at the new one; the old one goes when the new one serves.',
  },
  E_NAME_TAKEN: {
    class: 'refused',
    title: 'two load balancers would have one name',
    hint: 'Choose another name for one of them, or let the services share a load balancer; the older one goes on.',
  },
  W_SHADOWED: {
    class: 'warning',
    title: 'a rule that somebody else made is asked before that of a service',
    hint: 'Rules of others at an adopted load balancer keep their place. Delete it, move it behind, or write it with the same conditions: then the service takes it over.',
  },
  W_OPENED: {
    class: 'warning',
    title: 'a port that lets in some is opened to everybody',
    hint: 'Name who may come (inbound-cidrs, sourceRanges) at a service that stays. `--fail-on risk` holds it.',
  },
  W_ORPHAN: {
    class: 'warning',
    title: 'something carries the tags of the cluster, and this weir was never asked for it',
    hint: 'Somebody else may serve by it: aws-load-balancer-controller, another weir, one whose state directory was lost. `orphans: delete` only where weir is given every service of the cluster.',
  },
  W_TARGETS_TAKEN: {
    class: 'warning',
    title: 'targets that somebody else registered are taken out of a target group',
    hint: 'A binding has all of its target group, as with aws-load-balancer-controller. Put them into a target group of their own, or behind the service of the binding.',
  },
  W_STACKS_UNKNOWN: {
    class: 'warning',
    title: 'what was made earlier is not remembered',
    hint: 'Nothing is deleted that nobody asks for now. Make the state directory readable and writable, or put a copy of the file back.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;
