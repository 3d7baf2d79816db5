import type { RenderReport } from '../../model/index.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';
import { some } from './words.ts';

/** Files as they would be written; where a provider writes none, its resources as a table. Private files show their hash only. */
export function renderText(report: RenderReport, paint: Paint): string {
  return report.balancers
    .map((balancer) => {
      const title = paint.strong(`# balancer ${balancer.name} (${balancer.provider})\n`);
      if (balancer.files.length === 0) {
        const rows = balancer.resources.map((resource) => [
          resource.kind,
          resource.id,
          Object.entries(resource.sets)
            .map(([set, members]) => `${Object.keys(members).length} ${set}`)
            .join(', '),
          resource.serves.length === 0 ? '' : `for ${some(resource.serves, 3)}`,
        ]);
        return title + renderTable(rows, '  ');
      }
      const files = balancer.files.map((file) =>
        'secret' in file
          ? `${paint.strong(`==> ${file.path} <==`)}\n(secret, sha256 ${file.sha256})\n`
          : `${paint.strong(`==> ${file.path} <==`)}\n${file.content}${file.content.endsWith('\n') ? '' : '\n'}`,
      );
      return title + files.join('\n');
    })
    .join('\n');
}
