import type { RenderedFile, Resource } from '../../src/model/index.ts';
import { layoutOf } from './layout-of.ts';
import type { Options } from './options.ts';
import { crtListText, mapText, textOf } from './text.ts';

/** The files that resources become, as `weir render` prints them. Certificates and users are told by their hash. Pure. */
export function render(resources: readonly Resource[], options: Options): readonly RenderedFile[] {
  const layout = layoutOf(resources, options);
  const place = { instance: 'render', balancer: resources[0]?.unit ?? 'default', socket: 'unix@haproxy.sock' };
  return [
    { path: 'haproxy.cfg', content: textOf(layout, place) },
    ...[...layout.maps].map(([path, map]) => ({ path, content: mapText(map) })),
    ...[...layout.crtLists].map(([path, entries]) => ({ path, content: crtListText(entries) })),
    ...[...layout.certs].map(([path, sha256]) => ({ path, secret: true as const, sha256 })),
    ...layout.sections.flatMap(({ head, users }) =>
      users === undefined ? [] : [{ path: `haproxy.cfg: ${head}`, secret: true as const, sha256: users }],
    ),
  ];
}
