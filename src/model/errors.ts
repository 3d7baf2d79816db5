/** The one table of all errors: code, class, what it means, what to do. Docs and `weir explain CODE` read it; a test holds code and table together. */
import { cloudErrors } from './cloud-errors.ts';
import type { ErrorEntry } from './error-entry.ts';
import { kubeErrors } from './kube-errors.ts';
import { l2Errors } from './l2-errors.ts';
import { poolErrors } from './pool-errors.ts';

/** retry: will pass by itself. refused: permission, quota, bad input — report and wait for a change. bug: ours. warning: nothing is stopped. */
export type ErrorClass = ErrorEntry['class'];

const table = {
  // Input: files and documents
  E_FILE_READ: {
    class: 'retry',
    title: 'a file or directory cannot be read',
    hint: 'Check that it exists and that weir may read it; the last good services of the file stay in force.',
  },
  E_FILE_SYNTAX: {
    class: 'refused',
    title: 'a file is not valid YAML or JSON',
    hint: 'Correct the line named; the last good services of the file stay in force.',
  },
  E_FILE_SIZE: {
    class: 'refused',
    title: 'a file is larger than the limit',
    hint: 'Split it, or raise limits.fileBytes of the source.',
  },
  E_FILE_ALIASES: {
    class: 'refused',
    title: 'a YAML document expands far beyond its size',
    hint: 'Write the repeated parts out; YAML aliases are bounded.',
  },
  E_OBJECT_KIND: {
    class: 'refused',
    title: 'an object is of no kind that weir reads',
    hint: 'Correct its kind or apiVersion, or take it out of the files; README lists the kinds that are read.',
  },
  W_OBJECT_IGNORED: {
    class: 'warning',
    title: 'an object is not used',
    hint: 'Remove it from the files, or ignore this line.',
  },
  E_FIELD_UNKNOWN: {
    class: 'refused',
    title: 'a field is not known',
    hint: 'Correct the spelling or remove the field.',
  },
  E_FIELD_TYPE: {
    class: 'refused',
    title: 'a field has the wrong type',
    hint: 'Write the type that the message names.',
  },
  E_FIELD_VALUE: {
    class: 'refused',
    title: 'a field has a value that cannot be used',
    hint: 'Write a value that the message allows, or leave the field out.',
  },
  E_FIELD_MISSING: { class: 'refused', title: 'a required field is missing', hint: 'Add what the message says.' },
  E_TEXT_UNSAFE: {
    class: 'refused',
    title: 'a text contains characters that are never allowed',
    hint: 'Remove line breaks, control and invisible characters.',
  },
  E_PORT: {
    class: 'refused',
    title: 'a port is not a number from 1 to 65535',
    hint: 'Write a whole number from 1 to 65535.',
  },
  E_ADDRESS: {
    class: 'refused',
    title: 'an address or a range of addresses is not valid',
    hint: 'Write a plain address such as 10.0.0.7 or 2001:db8::7 without leading zeros; where ranges are asked for, 10.0.0.0/8.',
  },
  E_ADDRESS_FORBIDDEN: {
    class: 'refused',
    title: 'a target address is never allowed',
    hint: 'Loopback, link-local, multicast and unspecified addresses are refused for targets; see allowTargets.',
  },
  E_TARGET_SELF: {
    class: 'refused',
    title: 'a target is the balancer or weir itself',
    hint: 'Name the address and port of the program that shall serve; requests that come back to the balancer never end.',
  },
  E_HOST: {
    class: 'refused',
    title: 'a host name is not valid',
    hint: 'Write a DNS name; *.name stands for exactly one label where wildcards are allowed.',
  },
  E_PATH: {
    class: 'refused',
    title: 'a path is not valid',
    hint: 'Start it with / and write what the message allows; other characters percent-encoded.',
  },
  E_REGEX: {
    class: 'refused',
    title: 'a regular expression is not valid or not safe',
    hint: 'Use a simple expression without line breaks, look-around or nested repetition.',
  },
  E_DURATION: {
    class: 'refused',
    title: 'a duration is not valid',
    hint: 'Write a number with ms, s, m or h, such as 30s, within the bounds of the message.',
  },
  E_NAME: { class: 'refused', title: 'a name is not valid', hint: 'Write it in the form that the message names.' },
  E_ANNOTATION_VALUE: {
    class: 'refused',
    title: 'an annotation has a value that cannot be used',
    hint: 'Correct it as the message says; `weir schema --annotations` lists keys and values.',
  },
  W_ANNOTATION_IGNORED: {
    class: 'warning',
    title: 'an annotation has no effect',
    hint: 'Correct its spelling or remove it; `weir schema --annotations` lists all keys.',
  },
  E_SERVICE_DUPLICATE: {
    class: 'refused',
    title: 'two objects describe the same service',
    hint: 'Keep one of them; the older one is in force.',
  },
  E_PORTLESS: {
    class: 'refused',
    title: 'an EndpointSlice has a port without a number',
    hint: 'Give the port a number; the other slices of the service are used.',
  },
  E_BACKEND_MISSING: {
    class: 'refused',
    title: 'a route names a backend that does not exist',
    hint: 'Create the backend or correct its name; the route answers 503 until then.',
  },
  W_NO_TARGETS: {
    class: 'warning',
    title: 'a backend has no targets',
    hint: 'Give it targets; of a Kubernetes Service look at the selector and the readiness of the pods.',
  },
  // Certificates
  E_CERT_MISSING: {
    class: 'refused',
    title: 'a certificate is missing',
    hint: 'Create the Secret or file (on AWS: request the certificate in ACM); what needs it is not served until then.',
  },
  E_CERT_INVALID: {
    class: 'refused',
    title: 'a certificate or key cannot be used',
    hint: 'Give PEM: a chain and the key that belongs to it, or authorities where those are asked for.',
  },
  E_CERT_EXPIRED: {
    class: 'refused',
    title: 'a certificate has expired',
    hint: 'Renew it; an expired one is never newly put into service.',
  },
  W_CERT_HOST: {
    class: 'warning',
    title: 'a certificate does not cover a host',
    hint: 'Add the host to the certificate.',
  },
  W_OCSP: {
    class: 'warning',
    title: 'no OCSP response is stapled',
    hint: 'Put a fresh response (DER) beside the certificate; it is taken up at once.',
  },
  E_USERS_MISSING: {
    class: 'refused',
    title: 'the users of basic authentication cannot be read',
    hint: 'Create the Secret or file; what they may ask for answers 503 to everybody until then.',
  },
  E_USERS_INVALID: {
    class: 'refused',
    title: 'the users of basic authentication cannot be used',
    hint: 'Write one name:hash a line, as `htpasswd -nB NAME` or `openssl passwd -5` makes them.',
  },
  // Merging
  E_PORT_CONFLICT: {
    class: 'refused',
    title: 'a port is already used in a way that cannot be shared',
    hint: 'Choose another port, or another balancer.',
  },
  E_ROUTE_CONFLICT: {
    class: 'refused',
    title: 'the same host and path is claimed by an older service',
    hint: 'Change host or path, or remove the older one.',
  },
  E_PROTOCOL: {
    class: 'refused',
    title: 'the provider cannot do this protocol',
    hint: 'Use a protocol that the message names, or another provider.',
  },
  E_FEATURE: {
    class: 'refused',
    title: 'the provider cannot do what a field asks',
    hint: 'Remove the field or use a provider that can.',
  },
  W_YAML: {
    class: 'warning',
    title: 'a word without quotes that Kubernetes reads as true or false',
    hint: 'Write it in quotes where a text is meant, else as true or false.',
  },
  W_FEATURE: {
    class: 'warning',
    title: 'the provider does less than a field asks',
    hint: 'Leave it so, or remove the field, or use a provider that can.',
  },
  E_BALANCER_NONE: {
    class: 'refused',
    title: 'no balancer takes the service',
    hint: 'Name a balancer, or widen groups or class of one.',
  },
  E_BALANCER_MANY: {
    class: 'refused',
    title: 'two balancers take the same service',
    hint: 'Name the balancers in the service, or narrow groups or class.',
  },
  E_GROUP_CONFLICT: {
    class: 'refused',
    title: 'services that share a load balancer ask for different things of it',
    hint: 'Let them say the same, or leave it to one of them; the others go on.',
  },
  ...cloudErrors,
  // Planning and running
  E_GATE_DEADLINE: {
    class: 'retry',
    title: 'new targets did not become ready in time',
    hint: 'Look at their health checks; the old ones go on serving.',
  },
  E_INCOMPLETE: {
    class: 'retry',
    title: 'a source cannot be read, so nothing that it could own is taken away',
    hint: 'Make the source readable.',
  },
  E_APPLY: { class: 'retry', title: 'a step failed', hint: 'The plan was dropped; weir observes and plans again.' },
  E_HELD: {
    class: 'refused',
    title: 'something that is not ours, or is kept, stands in the way',
    hint: 'Remove or rename what the message names, or change the service; everything else goes on.',
  },
  W_CONTESTED: {
    class: 'warning',
    title: 'somebody else changes again and again what weir puts back',
    hint: 'Find who writes it (another weir, Terraform, a person) and let one of them decide: change what is asked for here, or stop the other. Meanwhile weir puts it back at longer and longer intervals.',
  },
  ...kubeErrors,
  ...poolErrors,
  ...l2Errors,
  E_BUG: { class: 'bug', title: 'weir itself failed', hint: 'Please report it with the log line.' },
  E_JOURNAL: {
    class: 'retry',
    title: 'the journal cannot be written',
    hint: 'Make room in stateDir or correct its permissions.',
  },
  E_STATE_DIR: {
    class: 'refused',
    title: 'the state directory cannot be used',
    hint: 'Set stateDir to a directory that weir may write.',
  },
  E_DISK: {
    class: 'retry',
    title: 'a file cannot be written',
    hint: 'Make room or correct the permissions; the previous file stays in force.',
  },
  E_LOCKED: {
    class: 'refused',
    title: 'another weir drives the same thing',
    hint: 'Stop the other one or give this one its own directory.',
  },
  // Proxies
  E_HAPROXY_MISSING: {
    class: 'refused',
    title: 'the haproxy program cannot be run',
    hint: 'Install HAProxy 2.6 or newer, or set binary; `provider: builtin` needs none.',
  },
  E_HAPROXY_VERSION: { class: 'refused', title: 'HAProxy is too old', hint: 'Install 2.6 or newer.' },
  E_HAPROXY_CONFIG: {
    class: 'bug',
    title: 'HAProxy refuses the rendered configuration',
    hint: 'The file was not applied and the running one goes on; please report the message.',
  },
  E_HAPROXY_START: { class: 'retry', title: 'HAProxy did not start', hint: 'See what it says; weir tries again.' },
  E_HAPROXY_RELOAD: {
    class: 'retry',
    title: 'HAProxy did not accept a reload',
    hint: 'The old process goes on serving; weir tries again.',
  },
  E_HAPROXY_SOCKET: {
    class: 'retry',
    title: 'the HAProxy socket does not answer',
    hint: 'Check that HAProxy runs and that weir may open its socket.',
  },
  E_HAPROXY_COMMAND: { class: 'retry', title: 'HAProxy refused a command', hint: 'weir falls back to a reload.' },
  E_HAPROXY_FULL: {
    class: 'retry',
    title: 'HAProxy takes no more connections',
    hint: 'Raise maxConnections or LimitNOFILE, or find who holds so many; it takes them again as soon as others end.',
  },
  W_HAPROXY_DIED: {
    class: 'warning',
    title: 'HAProxy ended and was started again',
    hint: 'Find who ended it: the message names process and signal; `journalctl -k` tells of the OOM killer. It is told for 15 minutes.',
  },
  E_FD_LIMIT: {
    class: 'refused',
    title: 'the limit of open files is too low for the configuration',
    hint: 'Raise LimitNOFILE or lower maxConnections.',
  },
  E_PORT_TAKEN: {
    class: 'refused',
    title: 'another process listens on a port',
    hint: 'Stop it or choose another port; every other port is served.',
  },
  E_LISTEN_ADDRESS: {
    class: 'refused',
    title: 'an address to listen on is not on this machine',
    hint: 'Give the address to an interface of this machine, or listen on another; every other address is served.',
  },
  E_PORT_PERMISSION: {
    class: 'refused',
    title: 'weir may not listen on a port',
    hint: 'Give CAP_NET_BIND_SERVICE, run as root, or use a port from 1024 on.',
  },
  // Configuration and commands
  E_CONFIG: {
    class: 'refused',
    title: 'the configuration is not valid',
    hint: 'Correct the field named; `weir schema` prints what is allowed.',
  },
  E_PROVIDER_UNKNOWN: {
    class: 'refused',
    title: 'there is no such provider',
    hint: 'Use one of the names in the message.',
  },
  E_USAGE: { class: 'refused', title: 'a command was used wrongly', hint: 'See `weir help`.' },
  E_LISTEN_AUTH: {
    class: 'refused',
    title: 'the API may not listen outside loopback without authentication',
    hint: 'Set api.tokenFile, or listen on 127.0.0.1.',
  },
  E_API_AUTH: {
    class: 'refused',
    title: 'the running weir refused the token',
    hint: 'Set api.tokenFile to the file that the running weir reads.',
  },
  E_NOT_RUNNING: { class: 'retry', title: 'no running weir answers', hint: 'Start `weir run`, or give --api.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof table;
export const errors: Readonly<Record<ErrorCode, ErrorEntry>> = table;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(table, text);
}

/** A failure with a code of the table. `detail` names object, field and value. */
export class WeirError extends Error {
  readonly code: ErrorCode;
  /** What to do: that of the table, or a better one where the place is known. */
  readonly hint: string;
  constructor(code: ErrorCode, detail: string, options?: ErrorOptions & { readonly hint?: string }) {
    super(detail, options);
    this.name = 'WeirError';
    this.code = code;
    this.hint = options?.hint ?? errors[code].hint;
  }
  get class(): ErrorClass {
    return errors[this.code].class;
  }
}
