import packageJson from '../../package.json' with { type: 'json' };
import { providers } from '../../providers/registry.ts';
import type { Deps } from './deps.ts';

/** The parts that are really there; each is loaded when it is first asked for. */
export const realDeps: Deps = {
  version: packageJson.version,
  open: async (config, deps) => (await import('../app.ts')).openApp(config, deps),
  providers: {
    names: Object.keys(providers),
    schemas: async (name) => {
      const load = Object.entries(providers).find(([known]) => known === name)?.[1];
      return load === undefined ? undefined : (await load()).provider;
    },
  },
  annotations: async () => {
    const { renderAnnotations, renderPeerAnnotations } = await import('../sources/kubernetes/index.ts');
    return renderAnnotations() + renderPeerAnnotations();
  },
  services: async () => (await import('../sources/weir/index.ts')).weirDocumentSchema,
  demo: async () => async (options, io) =>
    options.vip === true
      ? (await import('./demo/vip/vip-demo.ts')).vipDemo(options, io)
      : (await import('./demo/demo.ts')).demo(options, io),
};
