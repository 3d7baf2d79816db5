import { z } from 'zod';
import { parseLabelSelector, parseName } from '../net/index.ts';
import { checked } from './checked.ts';

/** A pool of addresses. What its ranges are worth is judged where all pools are read, those of the sources among them. */
export const pool = z
  .strictObject({
    name: checked(parseName).describe('Name by which services ask for it.'),
    ranges: z
      .array(z.string())
      .min(1)
      .describe('192.0.2.0/24 or 192.0.2.10-192.0.2.20, IPv4 and IPv6; given out in this order, lowest first.'),
    autoAssign: z
      .boolean()
      .default(true)
      .describe('Also for services that name neither the pool nor one of its addresses.'),
    avoidBuggyIPs: z
      .boolean()
      .default(false)
      .describe('Give out no IPv4 address that ends in .0 or .255: some old equipment drops them.'),
    priority: z
      .int()
      .min(0)
      .default(0)
      .describe('Among pools with namespaces or serviceSelectors, which come before all others: lower first, 0 last.'),
    namespaces: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('Only for services of these namespaces; absent: of every namespace.'),
    serviceSelectors: z
      .array(checked(parseLabelSelector))
      .min(1)
      .optional()
      .describe('Only for services that one of them selects by labels, e.g. team=shop,tier in (web,api).'),
  })
  .describe('A pool of addresses for services.');
