import { z } from 'zod';
import { parseLabelSelector } from '../../net/index.ts';

const expression = z
  .object({
    key: z.string(),
    operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: z.array(z.string()).optional(),
  })
  .superRefine(({ operator, values = [] }, ctx) => {
    const listed = operator === 'In' || operator === 'NotIn';
    if (listed && values.length === 0)
      ctx.addIssue({ code: 'custom', path: ['values'], message: `must have a value with operator ${operator}` });
    if (!listed && values.length > 0)
      ctx.addIssue({ code: 'custom', path: ['values'], message: `must be empty with operator ${operator}` });
  });

/** A LabelSelector of the API as the text that kubectl takes; an empty one selects everything. */
export const labelSelector = z
  .object({
    matchLabels: z.record(z.string(), z.string()).optional(),
    matchExpressions: z.array(expression).optional(),
  })
  .transform(({ matchLabels = {}, matchExpressions = [] }, ctx) => {
    const terms = [
      ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
      ...matchExpressions.map(({ key, operator, values = [] }) => {
        if (operator === 'Exists') return key;
        if (operator === 'DoesNotExist') return `!${key}`;
        return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
      }),
    ];
    // Each for itself: a comma in a value must not make two terms of one.
    for (const term of terms) {
      const parsed = parseLabelSelector(term);
      const whole = term.replace(/\([^()]*\)$/, '').includes(',');
      if (parsed.ok && !whole) continue;
      ctx.addIssue({ code: 'custom', message: 'must have keys and values that labels can have' });
      return z.NEVER;
    }
    return terms.join(',');
  });

/** One of them must select; none: absent. */
export const labelSelectors = z
  .array(labelSelector)
  .optional()
  .transform((list) => (list === undefined || list.length === 0 ? undefined : list));
