import { mapPath } from './names.ts';
import { clearPath, decoded, parentSegment, resolved } from './path-forms.ts';
import { aclRegex, literal, word } from './quote.ts';
import { requestEnd } from './route-keys.ts';
import { nowhere } from './route-table.ts';

/** All paths that could, and few others. */
export const mayClimb = '{ var(txn.u) -m sub .. % }';

/**
 * Refuses a path with `..` that is another route's once a target has resolved it, like `/api/../admin`. Where targets resolve it in more
 * than one way (`%2e`, `..;`, `..%2f`, backslashes, `//`), it counts as `/`. Behind the choice of a route, before the dice are thrown.
 *   txn.z    it has `..`       txn.z_p  what it is then      txn.z_r  the route of that      txn.z_f  the route that was found
 */
export function climbLines(frontend: string, hostLine: string): readonly string[] {
  const climbs = '{ var(txn.z) -m found }';
  const lost = `${climbs} !{ var(txn.z_r) -m found }`;
  const mark = `http-request set-var(txn.z) bool(true) if ${mayClimb}`;
  const leads = 'concat(||),field(1,|,2)';
  const set = (name: string, expression: string, when: string): string =>
    `http-request set-var(txn.${name}) ${literal(expression)} if ${when}`;
  const found = `map_beg(${word(mapPath(frontend, 'routes'))}),${leads}`;
  return [
    set('z_e', `var(txn.u),${decoded},${decoded}`, mayClimb),
    `${mark} { var(txn.z_e) ${aclRegex(parentSegment)} }`,
    // What cannot be decoded to its end.
    `${mark} { var(txn.u) ${aclRegex('%(?:25)?00')} }`,
    `${mark} { var(txn.z_e) ${aclRegex('%00')} }`,
    `${mark} { var(txn.u) -m len gt 5000 } { var(txn.u) ${aclRegex('%(?![0-9A-Fa-f]{2})')} }`,
    `${hostLine} if ${climbs} !{ var(txn.h) -m found }`,
    set('z_p', `var(txn.u),${resolved}`, `${climbs} { var(txn.u) ${aclRegex(clearPath, true)} }`),
    set('z_r', `var(txn.h),concat(,txn.z_p,${requestEnd}),${found}`, climbs),
    `http-request set-var-fmt(txn.z_q) *.%[var(txn.h),field(2,.,0)]%[var(txn.z_p)]${requestEnd} if ${lost}`,
    set('z_r', `var(txn.z_q),${found}`, lost),
    `http-request set-var-fmt(txn.z_q) %[var(txn.z_p)]${requestEnd} if ${lost}`,
    set('z_r', `var(txn.z_q),${found}`, lost),
    `http-request set-var(txn.z_r) str(${nowhere}|) if ${lost}`,
    set('z_f', `var(txn.r),${leads}`, climbs),
    `http-request set-var(txn.z_f) str(${nowhere}|) if ${climbs} !{ var(txn.z_f) -m found }`,
    `http-request return status 400 if ${climbs} !{ var(txn.z_r),strcmp(txn.z_f) eq 0 }`,
  ];
}
