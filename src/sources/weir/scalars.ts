/** The scalar types of the form. They say the JSON type only; src/net judges the text, so that messages are the same in every reader. */
import { z } from 'zod';

export const port = z.number().describe('Port from 1 to 65535.');
export const duration = z.string().describe('Duration such as 500ms, 30s, 5m or 1h30m.');
export const cidr = z.string().describe('Range such as 10.0.0.0/8, or one address.');
export const host = z.string().describe('DNS name, or *.name for exactly one label.');
export const weight = z.number().describe('Relative share from 0 to 256; 0 takes no new connections.');

export const oneOrMany = <T extends z.ZodType>(item: T) => z.union([item, z.array(item)]);

/** File names are relative to the file that names them. */
export const file = z.string().describe('PEM file, relative to the file that names it; watched live.');
