/** The Helm chart and the kustomize overlays: rendered, taken by a real API server, and their weir.yaml by weir. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Manifest, readManifests, renderChart } from '../deploy/bases.ts';
import { makeBaseFiles } from '../deploy/made.ts';
import { weir } from '../fakes/weir-process.ts';
import { type ControlPlane, findPrograms, helm, kubectl, missingKube, startControlPlane } from '../kube/index.ts';
import {
  accept,
  acceptPod,
  chart,
  configOf,
  exampleFile,
  find,
  overlaysFolder,
  podOf,
  probedOf,
  putNamespace,
  valueSets,
} from './kube-deploy-stage.ts';

const missing = missingKube() || (findPrograms('helm').missing ?? false);
const render = (values: string, ...args: readonly string[]) =>
  renderChart(chart, { args: ['--values', valueSets.get(values) ?? '', ...args] });
const clusterWide = ['ClusterRole', 'ClusterRoleBinding', 'IngressClass', 'Namespace'];

describe('the chart', { skip: missing }, () => {
  let plane: ControlPlane;
  let folder = '';

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-deploy-'));
    plane = await startControlPlane();
    await putNamespace(plane, 'weir-system', 'restricted');
    await putNamespace(plane, 'edge', 'privileged');
    for (const name of ['apps', 'shop']) await putNamespace(plane, name, 'restricted');
  });

  after(async () => {
    await plane?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Of every object; and of a Pod where its namespace admits no more than it says. It would become ready, too. */
  const acceptAll = async (objects: readonly Manifest[]) => {
    const { asked, answered } = probedOf(objects);
    assert.deepEqual(answered, asked, 'what the probes ask, weir.yaml has nobody answer');
    for (const object of objects) await accept(plane, object);
    const account = find(objects, 'ServiceAccount');
    const template = podOf(objects);
    const namespace = template.spec.hostNetwork === true ? 'edge' : (account.metadata.namespace ?? '');
    await plane.client.apply({ ...account, metadata: { ...account.metadata, namespace } });
    await acceptPod(plane, namespace, template);
  };

  /** As `weir validate` judges it beside this cluster. */
  const validate = async (name: string, config: string) => {
    const file = join(folder, `${name}.yaml`);
    const here = config
      .replaceAll('/etc/weir-west/kubeconfig', plane.admin.kubeconfig)
      .replaceAll('/var/lib/weir', join(folder, 'state', name));
    await writeFile(file, here);
    process.env.KUBECONFIG = plane.admin.kubeconfig;
    const { code, out, err } = await weir(['validate', '-c', file], folder);
    assert.equal(code, 0, `${name}: ${out}${err}`);
  };

  for (const [name, file] of valueSets) {
    it(`is taken by Helm, by the API server and by weir with the values ${name}`, async () => {
      await helm(['lint', '--strict', chart, '--values', file]);
      const objects = await render(name);
      await acceptAll(objects);
      await validate(name, configOf(objects));
    });
  }

  for (const name of readdirSync(overlaysFolder)) {
    it(`is taken by kubectl -k, the API server and weir as overlay ${name}`, async () => {
      const objects = readManifests(await kubectl(['kustomize', join(overlaysFolder, name)]));
      await acceptAll(objects);
      await validate(`overlay-${name}`, configOf(objects));
    });
  }

  it('comes with an example that the API server takes, of the class of a release called weir', async () => {
    const example = readManifests(readFileSync(exampleFile, 'utf8'));
    for (const object of example) await accept(plane, object);
    const text = JSON.stringify(example);
    const config = configOf(await renderChart(chart));
    for (const [, name] of text.matchAll(/"(?:ingressClassName|loadBalancerClass)":"([^"]+)"/g))
      assert.match(config, new RegExp(`^ +- ${name}$`, 'm'));
  });

  it('is refused a Pod on the network of the host where the namespace is restricted', async () => {
    const objects = await render('on-prem-nodes');
    await plane.client.apply(find(objects, 'ServiceAccount'));
    await assert.rejects(acceptPod(plane, 'weir-system', podOf(objects)), /violates PodSecurity/);
  });

  it('can be installed, twice, and taken away', async () => {
    for (const name of ['first', 'second']) await putNamespace(plane, name, 'privileged');
    const values = valueSets.get('second-instance') ?? '';
    await helm(['install', 'weir', chart, '--namespace', 'first', '--set', 'replicas=0'], { plane });
    const inside = ['inside', chart, '--namespace', 'second', '--values', values, '--set', 'nodeSelector.none=yes'];
    const notes = await helm(['install', ...inside], { plane });
    assert.match(notes, /spec\.ingressClassName: weir-internal\n/);
    assert.match(notes, /exec daemonset\/weir-internal -c weir -- weir status/);
    await helm(['upgrade', ...inside, '--set', 'drainSeconds=60'], { plane });
    assert.doesNotMatch(notes, /finalizer/);
    await helm(['uninstall', 'inside', '--namespace', 'second'], { plane });
    const mode = async (name: string, kind: string, ...more: readonly string[]) => {
      const said = await helm(
        ['upgrade', 'weir', chart, '--namespace', 'first', '--values', valueSets.get(name) ?? '', ...more],
        { plane },
      );
      const workloads = await kubectl(['get', 'deployment,daemonset', '-n', 'first', '-o', 'name'], { plane });
      assert.deepEqual(
        workloads.trim().split('\n'),
        [`${kind}.apps/weir`],
        `${name}: nothing of the mode before is left`,
      );
      return said;
    };
    await mode('on-prem-nodes', 'daemonset');
    assert.match(await mode('aws', 'deployment'), /Before it is uninstalled delete the Services .* finalizer/s);
    await mode('on-prem-service', 'deployment', '--set', 'replicas=0');
    const left = await kubectl(['get', 'clusterrole,ingressclass', '-o', 'name'], { plane });
    assert.deepEqual(
      left.split('\n').filter((line) => /weir/.test(line)),
      ['clusterrole.rbac.authorization.k8s.io/first-weir', 'ingressclass.networking.k8s.io/weir'],
    );
  });
});

describe('what the chart renders', { skip: missing }, () => {
  it('is what the bases of kustomize say; `node test/deploy/write.ts` makes them anew', async () => {
    for (const { path, text } of await makeBaseFiles()) assert.equal(readFileSync(path, 'utf8'), text, path);
  });

  it('gives containers what they need and no more', async () => {
    for (const name of valueSets.keys()) {
      const { spec } = podOf(await render(name));
      const says = (text: string) => `${name}: ${text}`;
      const announces = spec.volumes.some((volume) => volume.name === 'announce');
      const add = announces ? ['NET_ADMIN', 'NET_RAW', 'SYS_NICE'] : ['NET_BIND_SERVICE'];
      assert.equal(spec.automountServiceAccountToken, false, says('the token of the account is mounted everywhere'));
      for (const { command, resources, securityContext, volumeMounts, ...container } of spec.containers) {
        assert.ok(command.length > 0 && resources.requests !== undefined && resources.limits !== undefined);
        assert.deepEqual(
          securityContext,
          {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'], ...(spec.hostNetwork === true ? { add } : {}) },
          },
          says(container.name),
        );
        // Of no use without the right to give it on, and lost once another program is between.
        if (spec.hostNetwork === true && !announces) assert.equal(command[0], 'low-ports');
        const secret = volumeMounts.some(({ mountPath }) => mountPath.includes('serviceaccount'));
        assert.equal(secret, container.name === 'weir', says(container.name));
      }
    }
  });

  it('lets HAProxy serve while weir drains, and finish after it, within the grace period', async () => {
    for (const [drain, finish] of [
      [30, 60],
      [5, 0],
    ] as const) {
      const objects = await render('on-prem-service', `--set=drainSeconds=${drain},finishSeconds=${finish}`);
      const { containers, terminationGracePeriodSeconds } = podOf(objects).spec;
      const haproxy = containers.find((one) => one.name === 'haproxy');
      const waits = Number(haproxy?.lifecycle?.preStop.exec.command[1]);
      assert.match(configOf(objects), new RegExp(`^drain: ${drain}s$`, 'm'));
      assert.ok(waits > drain && terminationGracePeriodSeconds > waits + finish);
      // weir is told at once.
      assert.equal(containers.find((one) => one.name === 'weir')?.lifecycle, undefined);
    }
  });

  it('keeps what who announces has promised on the node, and finds the Pods on the others by a Service', async () => {
    const objects = await render('metallb');
    const { spec } = podOf(objects);
    const state = spec.volumes.find(({ name }) => name === 'state');
    assert.deepEqual(state, { name: 'state', hostPath: { path: '/var/lib/weir', type: 'DirectoryOrCreate' } });
    const peers = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'weir-peers');
    assert.match(configOf(objects), /announcers:\n +name: weir-peers\n +namespace: weir-system\n/);
    assert.equal(Object(peers?.spec).clusterIP, 'None');
    assert.equal(Object(peers?.spec).publishNotReadyAddresses, true);
    const proxied = podOf(await render('second-instance', '--set', 'announce.enabled=true')).spec;
    assert.deepEqual(
      proxied.containers.map(({ name, securityContext }) => [name, securityContext.capabilities.add]),
      [
        ['haproxy', ['NET_BIND_SERVICE']],
        ['weir', ['NET_ADMIN', 'NET_RAW', 'SYS_NICE', 'NET_BIND_SERVICE']],
      ],
    );
    await assert.rejects(render('one-namespace', '--set', 'announce.enabled=true'), /announce is for modes announcer/);
    const told = render('on-prem-nodes', '--set', 'announce.enabled=true');
    await assert.rejects(told, /publish cannot stand beside fromPools or announce/);
    const one = ['--set', 'namespaces={apps}'];
    await assert.rejects(render('metallb', ...one), /who announces reads Nodes/);
  });

  it('has its images from where the values say', async () => {
    const digest = `sha256:${'0'.repeat(64)}`;
    const objects = await render(
      'on-prem-service',
      ...['--set', `image.registry=mirror.test:5000/edge/,image.tag=1.2.3,proxy.image.digest=${digest}`],
    );
    const images = podOf(objects).spec.containers.map((one) => Object(one).image);
    assert.deepEqual(images, [`mirror.test:5000/edge/weir-proxy@${digest}`, 'mirror.test:5000/edge/weir:1.2.3']);
  });

  it('has nothing of the whole cluster where one namespace is all', async () => {
    const objects = await render('one-namespace');
    assert.deepEqual(
      objects.filter(({ kind }) => clusterWide.includes(kind)),
      [],
    );
    assert.deepEqual(
      objects
        .filter(({ kind }) => /^Role/.test(kind))
        .map(({ kind, metadata }) => `${metadata.namespace} ${kind}`)
        .sort(),
      ['apps Role', 'apps RoleBinding', 'weir-system Role', 'weir-system RoleBinding'],
    );
  });

  it('gives the rights of a weir outside of the cluster to whom the values name', async () => {
    const subjects = [{ kind: 'User', name: 'ops', apiGroup: 'rbac.authorization.k8s.io' }];
    const args = [
      '-n',
      'outside',
      '-s',
      'templates/rbac.yaml',
      '--set-json',
      `rbac.subjects=${JSON.stringify(subjects)}`,
    ];
    const objects = readManifests(await helm(['template', 'weir', chart, ...args]));
    assert.deepEqual(objects.map(({ kind }) => kind).sort(), [
      'ClusterRole',
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
    ]);
    const bindings = objects.filter(({ kind }) => kind.endsWith('Binding'));
    assert.deepEqual(
      bindings.map((one) => Object(one).subjects),
      [subjects, subjects],
    );
  });

  it('of two releases shares no name, class, port or right', async () => {
    const first = await render('on-prem-nodes');
    const second = await renderChart(chart, {
      release: 'inside',
      namespace: 'edge',
      args: ['--values', valueSets.get('second-instance') ?? ''],
    });
    const names = (objects: readonly Manifest[]) =>
      objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    const others = names(second);
    assert.deepEqual(
      names(first).filter((one) => others.includes(one)),
      [],
    );
    const claims = (objects: readonly Manifest[]) =>
      configOf(objects).match(/(?<=^ +- |controller: |listen: )[^:\s]\S*[^:\s]$/gm) ?? [];
    assert.ok(claims(first).length > 4);
    const claimed: readonly string[] = claims(second);
    assert.deepEqual(
      claims(first).filter((one) => claimed.includes(one)),
      [],
    );
  });

  it('is not rendered from values that cannot be meant', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['mode=deamonset', /at '\/mode'/],
      ['replica=3', /additional properties 'replica' not allowed/],
      ['settings.auditIntervall=5m', /at '\/settings': additional properties 'auditIntervall'/],
      ['settings.auditInterval=often', /at '\/settings\/auditInterval': 'often' does not match/],
      ['haproxy.timeouts.client=5min', /at '\/haproxy\/timeouts\/client': '5min' does not match/],
      ['haproxy.maxConnection=9', /at '\/haproxy': additional properties 'maxConnection'/],
      ['haproxy=null', /at '': missing property 'haproxy'/],
      ['classes.exclusive=null', /at '\/classes': missing property 'exclusive'/],
      ['haproxy.monitor.port=1', /at '\/haproxy': additional properties 'monitor'/],
      ['fullnameOverride=a.b', /at '\/fullnameOverride'/],
      ['listen.proxyPort=80', /listen\.proxyPort and service\.ports\[0\]\.port are both 80/],
      ['balancers[0].name=edge,balancers[0].provider=builtin', /two balancers are called edge/],
      ['haproxy.mode=own', /at '\/haproxy': additional properties 'mode'/],
      ['source.target=node', /at '\/source': additional properties 'target'/],
      ['balancers[0].name=a,balancers[0].provider=awselb,balancers[0].options.vpcID=x', /'vpcID' not allowed/],
      ['image.digest=latest', /at '\/image\/digest'/],
      ['service.ports[0].port=http', /at '\/service\/ports\/0/],
      ['mode=controller', /mode controller needs balancers/],
      ['classes.exclusive=false,classes.also={alb}', /classes\.also is for classes\.exclusive/],
      ['stateVolume.persistentVolumeClaim.claimName=one', /set replicas: 1/],
      ['publish.addresses={1.2.3}', /at '\/publish\/addresses\/0': '1\.2\.3' does not match/],
      ['publish.hostname=http://edge.test', /at '\/publish\/hostname'/],
      ['publish.hostname=edge.test,publish.addresses={192.0.2.1}', /publish of edge must name one of/],
      ['haproxy.addresses={300.1.1.1}', /at '\/haproxy\/addresses\/0'/],
      ['listen.address=localhost', /at '\/listen\/address'/],
      ['source.labelSelector=a=b c', /at '\/source\/labelSelector'/],
      ['env[0].name=WEIR_LOG_LEVEL,env[0].value=loud', /at '\/env\/0\/value'/],
      ['mode=daemonset,service.type=NodePort', /service is for mode proxy-deployment: in mode daemonset/],
      ['mode=announcer,service.ports[0].name=http,service.ports[0].port=81', /service is for mode proxy-deployment/],
      ['namespaces={shop},settings.status.podReadiness=true', /podReadiness follows the labels of all namespaces/],
    ];
    const meant = [
      'publish.addresses={192.0.2.1,2001:db8::1,edge.test}',
      'publish.hostname=edge.example.com',
      'haproxy.addresses={0.0.0.0,::}',
      'listen.address=::',
      'env[0].name=WEIR_LOG_LEVEL,env[0].value=debug,env[1].name=OTHER,env[1].value=loud',
      'mode=daemonset',
      ...['team=shop', 'team=shop\\,tier in (web\\,api)\\, a.test/x\\,!hidden\\,a!=b', ''].map(
        (one) => `source.labelSelector=${one}`,
      ),
    ];
    for (const values of meant) await renderChart(chart, { args: ['--set', values] });
    for (const [values, message] of cases)
      await assert.rejects(renderChart(chart, { args: ['--set', values] }), message, values);
  });
});
