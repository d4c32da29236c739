/**
 * Hides secrets in texts by knowing them: an address is read once, and each of its secrets is replaced in
 * every form in which it may come back. Addresses that are not known, as another program may print
 * them, are masked by what they look like.
 */
import { LOGIN_LENGTH, MASKED, SCHEME, decoded, readPieces, shownOf } from './address.ts';
import type { Piece } from './address.ts';

/** Hides secrets in a text. */
export type Mask = (text: string) => string;

/** What an address in a sentence ends at, and what then still belongs to the sentence. */
const BODY = /[^\s'"`<>]*/y;
const PUNCTUATION = /[:.,;!?)\]}]+$/;
/** The rest of a login that has a space or a quote in it. */
const LONG_BODY = /[^\n]{0,256}?@[^\s'"`<>]*/y;
/** Errors within errors that are looked at. */
const MAX_DEPTH = 8;
/** Fields of errors that programs compare. */
const CODES = ['name', 'code', 'errno', 'syscall'];

/**
 * Makes a mask that knows the secrets of some addresses.
 * @param addresses each a text with an address that goes on to the end of the text, or without any
 * @param secrets other words to hide wherever they stand, except the name of an address's host
 * @returns hides them wherever they stand, the short ones in addresses only, and then does as {@link maskText}
 */
export function maskFor(addresses: readonly string[], secrets: readonly string[] = []): Mask {
  const all = addresses.map(readPieces);
  const words = new Map(all.flatMap((pieces) => pieces.flatMap(wordsOf)));
  for (const { text } of all.flat().filter(({ kind }) => kind === 'host')) {
    for (const host of [text, text.replace(/:\d+$/, '')]) {
      if (host !== '' && !words.has(host)) {
        words.set(host, host); // a password that is part of its host's name must not tell so
      }
    }
  }
  for (const form of secrets.flatMap(formsOf).filter(({ length }) => length >= LOGIN_LENGTH)) {
    words.set(form, words.get(form) ?? MASKED);
  }
  const hide = replacer(words);
  const wholes = all.flatMap((pieces) => addressesOf(pieces).map((one) => wholeOf(one, hide)));
  const replace = replacer(new Map([...words, ...wholes]));
  return (text) => maskText(replace(text));
}

/** An address as it may be shown. @param text see {@link maskFor} */
export function maskAddress(text: string): string {
  return maskFor([text])(text);
}

/** Hides the secrets of addresses in a sentence, by what they look like. Idempotent. */
export function maskText(text: string): string {
  let masked = '';
  let end = 0;
  for (const { index, 0: scheme } of text.matchAll(SCHEME)) {
    if (index >= end) {
      const body = bodyAt(text, index + scheme.length);
      masked += text.slice(end, index) + shownOf(readPieces(scheme + body));
      end = index + scheme.length + body.length;
    }
  }
  return masked + text.slice(end);
}

/**
 * Hides secrets in an error, its stack, its causes and whatever else it carries; the error stays the same one.
 * @returns the error
 */
export function maskError<E extends Error>(error: E, mask: Mask): E {
  maskFields(error, mask, MAX_DEPTH);
  return error;
}

/** Fields of an object, in place: a failed `spawn` carries all arguments, a failed `open` its path. */
function maskFields(owner: object, mask: Mask, depth: number): void {
  for (const key of Object.getOwnPropertyNames(owner)) {
    const value: unknown = Reflect.get(owner, key);
    const { enumerable = false, configurable } = Object.getOwnPropertyDescriptor(owner, key) ?? {};
    if (typeof value === 'string' && configurable === true && !CODES.includes(key)) {
      const masked = { value: mask(value), enumerable, configurable, writable: true };
      Object.defineProperty(owner, key, masked);
    } else if (depth > 0 && isRecord(value)) {
      maskFields(value, mask, depth - 1);
    }
  }
}

/** Whether a value is part of what carries it, rather than something of its own, such as a socket. */
function isRecord(value: unknown): value is object {
  return (
    value instanceof Error ||
    Array.isArray(value) ||
    (typeof value === 'object' && value !== null && value.constructor === Object)
  );
}

function bodyAt(text: string, begin: number): string {
  BODY.lastIndex = begin;
  const body = (BODY.exec(text)?.[0] ?? '').replace(PUNCTUATION, '');
  const [first, at] = readPieces(`x://${body}`).slice(2);
  if (first?.kind !== 'login' || at?.text === '@') {
    return body;
  }
  LONG_BODY.lastIndex = begin;
  return LONG_BODY.exec(text)?.[0] ?? body;
}

/** The addresses of a text, each from its scheme on; the text itself where none has a scheme. */
function addressesOf(pieces: readonly Piece[]): readonly (readonly Piece[])[] {
  const starts = [...pieces.keys()].filter((i) => pieces[i]?.text.endsWith('://'));
  return starts.length === 0
    ? [pieces]
    : starts.map((start, i) => pieces.slice(start, starts[i + 1]));
}

/** A whole address and what may be shown of it. */
function wholeOf(pieces: readonly Piece[], hide: Mask): readonly [string, string] {
  return [pieces.map(({ text }) => text).join(''), shownOf(pieces, hide)];
}

/** The words of a piece that are to be hidden, and what comes in their place. */
function wordsOf({ text, kind, hiddenFrom }: Piece): readonly (readonly [string, string])[] {
  if (kind !== 'login') {
    const isShort = decoded(text).length < hiddenFrom;
    return isShort ? [] : formsOf(text).map((form) => [form, MASKED]);
  }
  const colon = text.indexOf(':');
  const parts = colon < 0 ? [text] : [text, text.slice(0, colon), text.slice(colon + 1)];
  const basic = Buffer.from(decoded(text)).toString('base64');
  const words = [basic, ...parts.flatMap(formsOf)].filter((form) => form.length >= hiddenFrom);
  const inAddress = formsOf(text).map((form) => (colon < 0 ? `://${form}@` : `${form}@`));
  return [
    ...words.map((word) => [word, MASKED] as const),
    ...inAddress.map((form) => [form, form.replace(/^(:\/\/)?.*@$/s, `$1${MASKED}@`)] as const),
  ];
}

/** A secret as it is written, as it is meant, and as others may write what is meant. */
function formsOf(text: string): readonly string[] {
  const meant = Buffer.from(decoded(text)).toString(); // without halves of characters, which can't be encoded
  const encoded = encodeURIComponent(meant);
  const url = new URL('http://host');
  url.password = meant;
  const strict = encoded.replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const forms = [text, meant, encoded, encodeURI(meant), strict, url.password];
  return [
    ...new Set([
      ...forms,
      ...forms.map((form) => form.replace(/%[\dA-F]{2}/g, (code) => code.toLowerCase())),
      encoded.replaceAll('%20', '+'),
      ...[text, meant].map((form) => JSON.stringify(form).slice(1, -1)),
    ]),
  ];
}

/** Replaces words, the longest first; what has been put in their place is not looked at again. */
function replacer(words: ReadonlyMap<string, string>): Mask {
  const longestFirst = [...words].filter(([word]) => word !== '').sort(byLength);
  return (text) => {
    let pieces: readonly TextPiece[] = [{ text, isDone: false }];
    for (const [word, shown] of longestFirst) {
      if (text.includes(word)) {
        pieces = pieces.flatMap((piece) => (piece.isDone ? [piece] : replaced(piece, word, shown)));
      }
    }
    return pieces.map((piece) => piece.text).join('');
  };
}

interface TextPiece {
  readonly text: string;
  readonly isDone: boolean;
}

function replaced({ text }: TextPiece, word: string, shown: string): readonly TextPiece[] {
  const rest = text.split(word).map((part) => ({ text: part, isDone: false }));
  return rest.flatMap((part, i) => (i === 0 ? [part] : [{ text: shown, isDone: true }, part]));
}

function byLength([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return b.length - a.length;
}
