/** Loaded before weir (`--import`): its wall clock jumps by as many milliseconds as the file says that WEIR_TEST_SHIFT names. */
import { readFileSync } from 'node:fs';

const real = Date.now.bind(Date);
const path = process.env.WEIR_TEST_SHIFT ?? '';
const RealDate = Date;

function shiftMs(): number {
  try {
    return Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    return 0;
  }
}

Date.now = () => real() + shiftMs();
// `new Date()` without arguments reads the clock too.
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, like) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, like),
});
