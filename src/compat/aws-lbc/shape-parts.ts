/** Parts of the JSON that several annotations hold. */
import { z } from 'zod';
import { isSafeText } from '../../net/index.ts';

export const text = (max: number) =>
  z.string().min(1).max(max).refine(isSafeText, 'must not contain line breaks or control characters');

export const port = z.int().min(1).max(65535);
