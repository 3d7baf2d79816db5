import type { ErrorCode } from '../../model/index.ts';

/** For `weir explain CODE`: when a code is found, and what it looks like. A test holds it against the table of errors. */
export interface CodeDetail {
  readonly found: string;
  /** A message as it would be told. */
  readonly example: string;
}

const file = 'when a file of a source is read; `weir validate` finds it too';
const object = 'when the objects of a file are read; `weir validate` finds it too';
const merge = 'when the services of one balancer are put together; `weir validate` finds it too';
const pool = 'when services take addresses out of pools; `weir validate` finds it too';
const plan = 'when a plan is made; `weir plan` finds it too';
const apply = 'while a plan is applied';
const start = 'when `run`, `apply` or `destroy` starts';
const proxy = 'when the provider haproxy starts or changes HAProxy';
const announcing = 'while `weir run` announces addresses';
const cloud = 'while the API of a cloud is asked';
const cluster = 'while a Kubernetes cluster is read';
const config = 'when weir.yaml, flags and variables are read, before anything is done';
const client = 'when `weir status` or `weir explain` asks the running weir';

const details: readonly (readonly [ErrorCode, string, string])[] = [
  ['E_FILE_READ', file, 'services/shop.yaml cannot be read: permission denied'],
  ['E_FILE_SYNTAX', file, 'shop.yaml: not valid YAML: a list is not closed'],
  ['E_FILE_SIZE', file, 'shop.yaml has 9000000 bytes, the limit is 8388608'],
  ['E_FILE_ALIASES', file, 'shop.yaml: its aliases expand far beyond its size'],
  ['W_YAML', file, 'pools.yaml: y without quotes is true for kubectl'],
  ['E_OBJECT_KIND', object, 'kind is of no kind that weir reads (is "Sevrice")'],
  ['W_OBJECT_IGNORED', object, 'Gateway shop/web: this object is not used: weir does not read the kind'],
  ['E_FIELD_UNKNOWN', object, 'ExportedService shop/web: targts is not a known field; did you mean "targets"?'],
  ['E_FIELD_TYPE', object, 'ExportedService shop/web: targets must be a list (is "10.0.0.1")'],
  ['E_FIELD_VALUE', object, 'ExportedService shop/web: weight must be a whole number from 0 to 256 (is 300)'],
  ['E_FIELD_MISSING', object, 'ExportedService shop/web: name is required'],
  ['E_TEXT_UNSAFE', object, 'ExportedService shop/web: labels.team must not contain line breaks'],
  ['E_PORT', object, 'ExportedService shop/db: ports[0].port must be a whole number from 1 to 65535 (is 70000)'],
  [
    'E_ADDRESS',
    object,
    'ExportedService shop/db: targets[0] must be an address without leading zeros (is "010.0.0.1")',
  ],
  [
    'E_TARGET_SELF',
    object,
    'backends["web"].targets names 127.0.0.1:80, where this balancer itself listens, so what is sent there would come back; that target is left out (is "127.0.0.1:80")',
  ],
  ['E_ADDRESS_FORBIDDEN', object, 'ExportedService shop/db: targets[0] is link-local (is "169.254.1.1:80")'],
  ['E_HOST', object, 'Ingress shop/web: spec.rules[0].host must be a DNS name (is "shop_example")'],
  ['E_PATH', object, 'Ingress shop/web: path must begin with / (is "cart")'],
  ['E_REGEX', object, 'ExportedService shop/web: path has repetition inside repetition (is "(a+)+")'],
  ['E_DURATION', object, 'ExportedService shop/web: timeouts.client must be a duration such as 30s (is "30 seconds")'],
  ['E_NAME', object, 'ExportedService: name must have letters, digits, - . _ only (is "shop/../web")'],
  [
    'E_ANNOTATION_VALUE',
    object,
    'Service shop/web: annotation weir-lb.dev/balance must be one of roundrobin, leastconn (is "rr")',
  ],
  ['W_ANNOTATION_IGNORED', object, 'annotation weir-lb.dev/ssl-redirect has no effect on objects of kind Service'],
  [
    'E_SERVICE_DUPLICATE',
    object,
    'ExportedService shop/web is described a second time; that of shop.yaml:1 is in force',
  ],
  ['E_PORTLESS', object, 'EndpointSlice shop/web-x7: ports[0] has no number'],
  ['E_BACKEND_MISSING', object, 'Ingress shop/web: there is no Service shop/cart'],
  ['W_NO_TARGETS', object, 'Service shop/web: port http has no targets'],
  ['E_CERT_MISSING', object, 'Ingress shop/web: there is no Secret shop/tls'],
  ['E_CERT_INVALID', object, 'ExportedService shop/web: shop.pem has no key'],
  ['E_CERT_EXPIRED', object, 'Secret shop/tls has expired on 2026-01-31'],
  ['W_CERT_HOST', object, 'Secret shop/tls does not cover shop.example'],
  ['W_OCSP', object, 'Secret shop/tls has an OCSP response that was valid until 2026-01-31'],
  ['E_USERS_MISSING', object, 'Ingress shop/web: there is no Secret shop/users'],
  ['E_USERS_INVALID', object, 'ExportedService shop/web: line 2 of its users is no name:hash'],
  ['E_PORT_CONFLICT', merge, 'shop/db: port 80 serves http of shop/web, which is older'],
  ['E_ROUTE_CONFLICT', merge, 'shop/new: shop.example/cart belongs to shop/web, which is older'],
  ['E_PROTOCOL', merge, 'shop/dns: haproxy cannot do udp; nginx can'],
  ['E_FEATURE', merge, 'shop/web: builtin cannot do proxyProtocol'],
  ['W_FEATURE', merge, 'shop/web: builtin does not observe drain'],
  ['E_POOL', pool, 'pool edge: addresses[0] is a range whose end lies before its start'],
  ['E_POOL_OVERLAP', pool, 'pool edge: 10.9.0.0/24 overlaps 10.9.0.128-10.9.0.140 of pool core'],
  ['E_POOL_UNKNOWN', pool, 'shop/web names pool egde, and there is none of that name'],
  ['E_POOL_EXHAUSTED', pool, 'pool edge is full: all 16 IPv4 addresses that it may give out are held'],
  ['E_ADDRESS_WAITS', pool, 'Service shop/web has no address: it gets its address when every source has been read'],
  ['E_POOL_FAMILY', pool, 'pool edge has no IPv6 addresses'],
  ['E_POOL_DENIED', pool, 'pool edge is not open to namespace shop'],
  ['E_POOL_NONE', pool, 'no pool gives shop/web an address by itself'],
  ['E_ADDRESS_OUTSIDE', pool, 'shop/web asks for 10.8.0.1, which lies in no pool'],
  ['E_ADDRESS_TAKEN', pool, 'shop/web asks for 10.9.0.1, which shop/db holds'],
  ['E_ADDRESS_RESERVED', pool, 'shop/web asks for 10.9.0.2, the address of machine node-a'],
  ['E_ADDRESS_FAMILY', pool, 'shop/web asks for one IPv4 address and is of both families'],
  ['W_ADDRESS_KEPT', pool, 'shop/web keeps 10.9.0.9, which pool edge does not contain any more'],
  [
    'W_ADDRESS_DIFFERS',
    pool,
    'shop/web is to have 10.9.0.1 here and has 10.9.0.2 on other machines, whose pools are others',
  ],
  ['W_POOL_RESERVED', pool, 'pool edge contains 10.9.0.2, the address of machine node-a'],
  ['E_BALANCER_NONE', merge, 'shop/web names balancer edge, and there is none of that name'],
  ['E_BALANCER_MANY', merge, 'shop/web is taken by edge and inner, which do not share'],
  [
    'E_GROUP_CONFLICT',
    merge,
    'Ingress shop/new asks for scheme internal; Ingress shop/web shares the load balancer and asks for internet-facing',
  ],
  [
    'E_QUOTA',
    merge,
    'with shop/new its load balancer needs 101 and the quota rules-per-application-load-balancer is 100',
  ],
  ['E_DISCOVERY', merge, 'subnet private-z of shop/web: there is no such subnet in the VPC'],
  ['E_CONSENT', merge, 'shop/web adopts the load balancer tf and would replace it; set replaceAdopted to agree'],
  [
    'W_NAME_CHANGES',
    merge,
    'the load balancer of shop/web is replaced (network, internal → network, internet-facing): its DNS name goes away',
  ],
  [
    'E_NAME_TAKEN',
    merge,
    'name "edge" of Service shop/new: Service shop/web has a load balancer of this name or is older and gets it',
  ],
  [
    'W_SHADOWED',
    merge,
    'adopt "www.test" of Ingress shop/web: rule 1 of port 443, which somebody else made, is asked first and takes all requests for www.test /*',
  ],
  [
    'W_OPENED',
    merge,
    'sourceRanges "0.0.0.0/0" of Ingress shop/web: port 80, which lets in 10.9.0.0/16 now, is opened to everybody: nobody names ranges for it any more',
  ],
  [
    'W_ORPHAN',
    plan,
    'stack service/shop/db carries the tags of cluster prod, and this weir was never asked for it. Left alone: load balancer k8s-shop-db-0123456789',
  ],
  [
    'W_TARGETS_TAKEN',
    plan,
    'targetGroupARN "legacy" of TargetGroupBinding shop/legacy: 10.0.0.9:8080 in it is no target of the service, and was not registered by this weir: it is taken out',
  ],
  [
    'W_STACKS_UNKNOWN',
    plan,
    '/var/lib/weir/balancers/aws/wanted-stacks.json, which remembers what this weir has made, could not be read',
  ],
  ['E_CLOUD_BUSY', cloud, 'DescribeLoadBalancers: throttled: Rate exceeded'],
  [
    'E_CLOUD_UNREACHABLE',
    cloud,
    'the endpoint of elasticloadbalancing in region eu-west-9 cannot be reached: ENOTFOUND: getaddrinfo ENOTFOUND elasticloadbalancing.eu-west-9.amazonaws.com',
  ],
  [
    'E_CLOUD_PERMISSION',
    cloud,
    'elasticloadbalancing:CreateLoadBalancer on * is not allowed: User: arn:aws:iam::123456789012:user/weir is not authorized',
  ],
  [
    'E_CLOUD_CREDENTIALS',
    cloud,
    'the AWS credentials have expired (DescribeTags: ExpiredToken: the token has expired)',
  ],
  [
    'E_CLOUD_CLOCK',
    cloud,
    'the clock of this machine differs from that of AWS (DescribeTags: RequestTimeTooSkewed: the difference is too large)',
  ],
  ['E_CLOUD_REFUSED', cloud, 'CreateListener: ValidationError: SSL policy ELBSecurityPolicy-2099 is not known'],
  [
    'E_KUBE_READ',
    cluster,
    'source prod: Services cannot be read: connect ECONNREFUSED 10.0.0.1:6443; what was read last stays in force',
  ],
  [
    'E_KUBE_FORBIDDEN',
    cluster,
    'source prod: EndpointSlices cannot be read: user system:serviceaccount:weir:weir may not list them; what was read last stays in force',
  ],
  [
    'E_NOT_LEADER',
    'when `apply` or `destroy` would write a system that several weirs share',
    'lease weir-awselb-prod is held by weir-7d4f_0f8a…',
  ],
  [
    'E_LEASE',
    'while weir stands for the Lease of a shared system',
    'lease weir/weir-awselb-prod: leases.coordination.k8s.io "weir-awselb-prod" is forbidden',
  ],
  [
    'W_KUBE_WRITE',
    'when status, finalizers and Events are written to a Kubernetes cluster',
    'source prod: services/status in shop cannot be written: user system:serviceaccount:weir:weir may not patch them',
  ],
  [
    'W_CLASS_GONE',
    cluster,
    'Ingress shop/front: spec.ingressClassName names no IngressClass that exists (weir is gone); it is served on (is "weir")',
  ],
  [
    'W_LEASE_SHARED',
    'while weir stands for the Lease by which status and Events are written',
    'lease weir/weir-status is held by node-a_1, which follows other classes: status and Events of what only this weir takes are not written',
  ],
  ['W_KUBE_LIMITED', cluster, 'source prod: Nodes may not be read: targets by node are not known'],
  [
    'W_PUBLISH',
    'when addresses are written to the status of Kubernetes objects',
    'Service edge/weir, by which it is reached, does not lead to port 9000: add it there',
  ],
  [
    'W_METALLB',
    'while a Kubernetes cluster is followed whose pools weir uses',
    'source prod: speakers of MetalLB announce, too: they have ServiceL2Statuses in metallb-system of shop/web on node-a',
  ],
  [
    'W_CLUSTERS_DIFFER',
    'when the services of several clusters are put together',
    'Service shop/web has other ports or backends in cluster west than in east, which counts',
  ],
  ['E_GATE_DEADLINE', apply, '0 of 2 targets became ready within 5m; the old ones go on serving'],
  ['E_INCOMPLETE', plan, 'services/team-a cannot be read: nothing that it could own is taken away'],
  ['E_APPLY', apply, 'add Backend shop/web: the system did not answer'],
  ['E_HELD', plan, 'Listener 80/tcp is not ours'],
  [
    'W_CONTESTED',
    'while `weir run` looks for drift',
    'LoadBalancer ingress/edge: idle_timeout.timeout_seconds was set to "60" 3 times, as somebody changed it each time',
  ],
  ['E_BUG', 'anywhere: weir did something that it must not', 'TypeError: value is undefined'],
  ['E_JOURNAL', apply, '/var/lib/weir/plans.jsonl cannot be written: no space left on device'],
  ['E_STATE_DIR', start, '/var/lib/weir: permission denied'],
  ['E_DISK', apply, 'haproxy.cfg cannot be written: no space left on device'],
  ['E_LOCKED', start, 'stateDir /var/lib/weir is in use by process 812'],
  ['E_HAPROXY_MISSING', proxy, 'haproxy cannot be run: there is no such program in PATH'],
  ['E_HAPROXY_VERSION', proxy, 'haproxy is 2.4.22; weir needs 2.6'],
  ['E_HAPROXY_CONFIG', proxy, 'haproxy -c refuses the file: line 12: unknown keyword'],
  ['E_HAPROXY_START', proxy, 'HAProxy ended with status 1 before it served'],
  ['E_HAPROXY_RELOAD', proxy, 'the new worker did not start'],
  ['E_HAPROXY_SOCKET', proxy, 'haproxy.sock does not answer within 5 s'],
  ['E_HAPROXY_COMMAND', proxy, 'set server shop/1 addr 10.0.0.7: Require a valid address'],
  [
    'E_HAPROXY_FULL',
    proxy,
    'HAProxy has 2000 connections and may have 2000 (options.maxConnections): new ones wait until others end; shop/web has most of them: 1950',
  ],
  [
    'W_HAPROXY_DIED',
    proxy,
    'HAProxy ended at 2026-01-31T08:00:00Z (worker 812 ended with signal 9 (Killed)) and serves again since 0.2 s later',
  ],
  [
    'E_L2',
    announcing,
    'no packet socket (errno 1): weir needs the capability CAP_NET_RAW to announce addresses; balancer vip announces nothing here',
  ],
  ['E_L2_SECRET', announcing, 'secretFile /etc/weir/secret cannot be read: permission denied'],
  [
    'E_L2_NOBODY',
    'when the services of a balancer with announced addresses are read; `weir plan` finds it too',
    '10.0.0.5 has 0 candidates: a, b has no ready endpoint of shop/web (externalTrafficPolicy Local)',
  ],
  [
    'E_L2_QUORUM',
    announcing,
    'nobody answers for 10.0.0.5: of the machines that decide (a, b, c) only a is heard here, and 2 are needed',
  ],
  ['E_L2_ADDRESS', announcing, '10.0.0.5 cannot be taken on a: there is no interface to announce it on'],
  ['W_L2_CONFLICT', announcing, '10.0.0.5: 02:00:00:00:00:09 says that it is his; it is announced again against it'],
  ['W_L2_GATE', announcing, 'the tables of nft were removed by somebody at 2026-01-31T08:00:00Z and made again'],
  ['W_L2_PEER', announcing, 'b (10.0.0.2:7949) was not heard since 2026-01-31T08:00:00Z'],
  ['W_L2', announcing, 'the interfaces: cannot be read: ip: command not found'],
  ['E_FD_LIMIT', proxy, 'maxConnections 100000 needs 200064 open files, the limit is 65536'],
  [
    'E_PORT_TAKEN',
    'when a port is listened on: of weir itself at its start, of a balancer while a plan is applied',
    'api.listen: 127.0.0.1:8377 is taken by process 812 (nginx)',
  ],
  ['E_LISTEN_ADDRESS', apply, 'balancer edge: 192.0.2.10 is not an address of this machine'],
  ['E_PORT_PERMISSION', 'when a port is listened on', 'balancer edge: port 80 may not be listened on'],
  [
    'E_CONFIG',
    config,
    'weir.yaml:3:5 policy: must be one of sync, upsert-only, create-only, is "snyc"; did you mean "sync"?',
  ],
  [
    'E_PROVIDER_UNKNOWN',
    config,
    'there is no provider "haproxi"; known: haproxy, builtin, memory; did you mean "haproxy"?',
  ],
  ['E_USAGE', 'when a command line is read', "unknown option '--polcy'; did you mean --policy?"],
  [
    'E_LISTEN_AUTH',
    'when `weir run` starts',
    'api.listen is 0.0.0.0:8377, which others can reach, and there is no api.tokenFile',
  ],
  ['E_API_AUTH', client, 'http://127.0.0.1:8377 asks for a token'],
  ['E_NOT_RUNNING', client, 'no weir answers at http://127.0.0.1:8377 (connect ECONNREFUSED)'],
];

export const codeDetails: ReadonlyMap<ErrorCode, CodeDetail> = new Map(
  details.map(([code, found, example]) => [code, { found, example }]),
);
