/** Addresses, ranges, names, paths and other text from outside, parsed into values that are safe everywhere. Pure; no sockets, no files. */
export * from './address.ts';
export * from './cidr.ts';
export * from './duration.ts';
export * from './filter.ts';
export * from './host.ts';
export * from './http.ts';
export * from './label-selector.ts';
export * from './name.ts';
export * from './ocsp.ts';
export * from './parsed.ts';
export * from './path.ts';
export * from './port.ts';
export * from './regex.ts';
export * from './target.ts';
export * from './text.ts';
export * from './users.ts';
