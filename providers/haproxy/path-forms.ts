/** What targets may take a path for, as expressions of HAProxy. A path that they take for more than it says has something of `oddPath`. */

/** Decoded once; what is no escape stays, as lenient decoders leave it. */
export const decoded = 'regsub("%(?![0-9A-Fa-f]{2})","%25",g),url_dec';

/** `/` for each row of slashes and backslashes. */
export const merged = 'regsub("[/\\\\\\\\]+","/",g)';

/** Without path parameters (`/a;x=1/b`) and without what a decoded `?` or `#` begins. */
export const bare = 'regsub(";[^/\\\\\\\\]*|(?s)[?#].*","",g)';

/** Something in it has more than one reading. */
export const oddPath = '[%;\\\\#]|//|/\\.';

/** A backslash within a parameter: where that ends, nobody agrees. */
export const brokenParameter = ';[^/]*\\\\';

/** A `%` that begins no escape, the end of text for programs in C, and such a parameter. */
export const brokenPath = `%(?![0-9A-Fa-f]{2})|%(?:25)?00|${brokenParameter}`;

/** A segment of one or two dots. */
export const dotSegment = '(?:^|[/\\\\])\\.\\.?(?:[/\\\\;?#]|$)';

/** A segment of two dots. */
export const parentSegment = '(?:^|[/\\\\])\\.\\.(?:[/\\\\;?#]|$)';

/** A path whose dots all targets resolve alike. Its length is bounded, since the expression that does so takes the square of it. */
export const clearPath = '^(?:/(?:[^/%;\\\\]|%(?!2[ef5]|5c|3b|[01]|7f)[0-9a-f]{2})+){1,64}/?$';

/** Such a path with its dots resolved (RFC 3986, 5.2.4). */
export const resolved =
  'regsub("/[.](?=/|$)","",g),regsub("(/(?![.][.](?:/|$))[^/]++(?1)*+/[.][.](?=/|$))","",g),regsub("^(?:/[.][.])+(?=/|$)","")';

/** A text with its escapes taken for bytes: characters up to U+00FF. */
export function decodeBytes(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}
