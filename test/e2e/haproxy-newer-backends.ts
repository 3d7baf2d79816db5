/** Backends as HAProxy 3.4 makes, publishes and deletes them: its commands and answers (management guide 3.4; wording of 3.4.3). */

export interface Made {
  readonly from: string;
  readonly mode: string;
  published: boolean;
  readonly servers: Map<string, { address: string; port: string; weight: string; ready: boolean }>;
}

export const newerHelp = [
  '  add backend <name> from <defproxy>      : add a new backend',
  '  del backend <name>                      : remove a backend',
  '  publish backend <name>                  : mark backend as ready for traffic',
  '  unpublish backend <name>                : mark backend as not eligible for traffic',
  '  wait {-h|<delay_ms>} cond [args...]     : wait the specified delay or condition (-h to see list)',
];

export const newerKeywords =
  'List of keywords supported for dynamic server:\nallow-0rtt\ncheck\ncookie\ninit-state\nmaxconn\nweight';

/** The answer to a command about backends that were made; undefined: it is about something else. */
export function answerMade(made: Map<string, Made>, line: string): string | undefined {
  const [verb = '', object = '', name = '', ...rest] = line.split(' ');
  if (`${verb} ${object}` === 'add backend') return addBackend(made, name, rest);
  if (verb === 'wait' && name === 'be-removable') {
    const why = whyNot(made.get(rest[0] ?? ''));
    return why === undefined ? 'Done.' : `Failed. ${why}`;
  }
  const [backend = '', server = ''] = name.split('/');
  const one = made.get(backend);
  if (one === undefined) return undefined;
  switch (object) {
    case 'backend':
      return changeBackend(made, one, verb, name);
    case 'server':
      return changeServer(one, verb, server, rest);
    default:
      return undefined;
  }
}

function addBackend(made: Map<string, Made>, name: string, rest: readonly string[]): string {
  const [word, from = '', option, mode = ''] = rest;
  if (word !== 'from' || option !== 'mode') return 'Usage: add backend <name> from <defproxy>.';
  if (made.has(name)) return `Error during backend creation : name is already used by other proxy 'backend ${name}'.`;
  made.set(name, { from, mode, published: false, servers: new Map() });
  return 'New backend registered.';
}

function changeBackend(made: Map<string, Made>, one: Made, verb: string, name: string): string | undefined {
  if (verb === 'publish' || verb === 'unpublish') {
    one.published = verb === 'publish';
    return `Backend ${verb}ed.`;
  }
  if (verb !== 'del') return undefined;
  const why = whyNot(one);
  if (why !== undefined) return why;
  made.delete(name);
  return `backend '${name}' has no server available!\nBackend deleted.`;
}

function changeServer(one: Made, verb: string, server: string, rest: readonly string[]): string | undefined {
  const target = one.servers.get(server);
  if (verb === 'add') {
    const [address = '', , weight = '1'] = rest;
    const at = address.lastIndexOf(':');
    const host = address.slice(0, at).replace(/[[\]]/g, '');
    one.servers.set(server, { address: host, port: address.slice(at + 1), weight, ready: false });
    return 'New server registered.';
  }
  if (target === undefined) return 'No such server.';
  if (verb === 'del') {
    if (target.ready) return 'Only servers in maintenance mode can be deleted.';
    one.servers.delete(server);
    return 'Server deleted.';
  }
  if (verb === 'enable') target.ready = true;
  const [what, value = ''] = rest;
  if (verb === 'set' && what === 'state') target.ready = value === 'ready';
  if (verb === 'set' && what === 'weight') target.weight = value;
  return '';
}

function whyNot(one: Made | undefined): string | undefined {
  if (one === undefined) return 'No such backend.';
  if (one.published) return 'Backend must be unpublished prior to its deletion.';
  return one.servers.size > 0 ? 'Only a backend without server can be deleted.' : undefined;
}

/** Lines of `show servers state`, format 1. */
export function stateRows(made: ReadonlyMap<string, Made>): readonly string[] {
  return [...made].flatMap(([name, { servers }]) =>
    [...servers].map(
      ([server, { address, port, weight, ready }]) =>
        `900 ${name} 1 ${server} ${address} 2 ${ready ? 0 : 1} ${weight} ${weight} 1 1 0 0 0 0 0 0 - ${port} - 0 0 - - 0`,
    ),
  );
}
