import { bytes } from './quote.ts';

/**
 * Through so many balancers no request comes that shall arrive: a target that leads back here, by a rule of the kernel or another proxy,
 * would hold every connection there is. Each balancer adds a line of its own, so that a client can only say more of them, never fewer; and
 * a header of our own, because targets that see `Via` do things otherwise (nginx: no compression).
 */
const mostHops = 10;
const header = 'Weir-Hops';
const text = '508: this request comes back to the balancer again and again\n';

export const hopLines = [
  `http-request return status 508 content-type text/plain string ${bytes(text)} hdr Cache-Control no-cache if { req.fhdr_cnt(${header}) ge ${mostHops} }`,
  `http-request add-header ${header} 1`,
] as const;
