/** The names of sources: what one may be, and which one a source gets that was given none. */
import { basename } from 'node:path';
import { maskAddress } from './secrets.ts';

/**
 * What the public name of a source may be, as a pattern of JSON Schema. A name stands in addresses, logs, terminals and
 * other people's pages: it holds no control characters and none that turn the direction of writing, is
 * neither `.` nor `..`, which addresses leave out, and is no address, which may hold a password.
 */
export const SOURCE_NAME_PATTERN: string =
  '^(?!\\.{1,2}$)(?!.*:\\/\\/)[^\\p{Cc}\\p{Cs}\\u2028-\\u202e\\u2066-\\u2069]{1,128}$';
/** The same in words. */
export const SOURCE_NAME_RULE =
  'a name, not `.` or `..`, without control characters and `://`, of 1 to 128 characters';

const SOURCE_NAME = new RegExp(SOURCE_NAME_PATTERN, 'u');

/** Whether a text may be the public name of a source. */
export function isSourceName(text: unknown): text is string {
  return typeof text === 'string' && SOURCE_NAME.test(text);
}

/**
 * The name of a source that was given none: a file's or folder's name, also of a file on a web server;
 * the host of an address without a path; `stdin` for `-`. It holds no secret.
 */
export function sourceName(source: string): string {
  const [, address] =
    /^\s*[a-z][a-z0-9+.-]*:\/\/(?:\*\*\*@)?([^?#;]*)/i.exec(maskAddress(source)) ?? [];
  const path = (address ?? source).replace(/\/+$/, '');
  return source === '-' ? 'stdin' : basename(path) || source;
}
