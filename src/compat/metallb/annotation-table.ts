import { isSafeText, parseAddress, parseName } from '../../net/index.ts';

/** Before MetalLB left its first home. Where both are written the new one counts. */
export const prefixes = ['metallb.io/', 'metallb.universe.tf/'] as const;

export interface MetallbAnnotation {
  /** For people: what may stand there. */
  readonly value: string;
  readonly means: string;
  readonly example: string;
  /** Undefined: it can stand; else a clause that follows its name. */
  readonly fault: (text: string) => string | undefined;
}

const maxLength = 1024;

/** Every annotation of Services, without its prefix. */
export const annotationTable = {
  'address-pool': {
    value: 'name of an address pool',
    means: 'sets address.pool: the one pool that gives the address',
    example: 'public',
    fault(text) {
      const parsed = parseName(text);
      return parsed.ok ? undefined : parsed.reason;
    },
  },
  loadBalancerIPs: {
    value: 'addresses, comma separated: one of each family of the Service',
    means: 'asks for these addresses and no others',
    example: '192.0.2.10',
    fault(text) {
      for (const part of text.split(',')) {
        const parsed = parseAddress(part.trim());
        if (!parsed.ok) return `${parsed.reason}; several stand with commas between them`;
      }
      return undefined;
    },
  },
  'allow-shared-ip': {
    value: 'any text',
    means: 'sets address.shareKey: Services with the same text may share an address',
    example: 'web',
    fault: (text) => (isSafeText(text) ? undefined : 'must not have control characters'),
  },
  'ip-allocated-from-pool': {
    value: 'name of an address pool',
    means: 'nothing: MetalLB writes it to tell where an address came from',
    example: 'public',
    fault: () => undefined,
  },
} as const satisfies Readonly<Record<string, MetallbAnnotation>>;

/** What is wrong with a value; undefined: nothing. */
export function faultOf(key: keyof typeof annotationTable, text: string): string | undefined {
  if (text.length > maxLength) return `must have at most ${maxLength} characters`;
  return annotationTable[key].fault(text);
}
