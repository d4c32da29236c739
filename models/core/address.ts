/**
 * What is secret in an address, and what may be shown of it. Secret are:
 *
 * - user and password, whatever characters they hold: `rtsp://***@10.0.0.7/live`;
 * - in the query the value of every field except those of {@link SHOWN_FIELDS}: `?channel=1&sig=***`;
 * - in the path the value of a field that is named like a secret: `/user=***&password=***&channel=1`;
 * - a fragment other than `#transport=tcp` and `#transport=udp`.
 *
 * The rest of the path is shown: nothing tells a secret folder name from any other.
 */

/** Fields of a query that cameras and FFmpeg know and that give nothing away; in lower case. */
const SHOWN_FIELDS = new Set(
  (
    'channel subtype stream camera profile resolution width height fps framerate quality compression ' +
    'codec videocodec audio video rotation unicast proto transport mode latency timeout listen listen_timeout ' +
    'pkt_size fifo_size buffer_size overrun_nonfatal reuse ttl connect localaddr localport rtcpport ' +
    'localrtpport localrtcpport min_port max_port'
  ).split(' '),
);
/** The longest value that is shown: no camera's setting is longer, and many a key is. */
const SHOWN_LENGTH = 16;
/** Part of the name of a field whose value is secret wherever it stands. */
const SECRET_NAME = /pass|pwd|token|secret|key|auth|sig|user|usr|login|cred/i;
/** A field in a path; cameras put `&` or `_` between several. */
const PATH_FIELD = /((?:^|[/;&_,])[\w.-]{1,40}?=)(.*?)(?=_\w{1,40}=|[/;&,]|$)/g;
/** User and password where no scheme is, or one with a slash too few; `test:640x360@30` and devices have none. */
const STRAY_LOGIN =
  /(?<=^|[/\s])(?!(?:[\w.-]+=)?(?:test|webcam|screen):)[^/\\:@\s]{1,256}:(?!\\)[^/@]{0,256}(?=@)/g;
/** How addresses begin; the length is bounded, since the text may be another program's. */
export const SCHEME: RegExp = /[a-z][a-z0-9+.-]{0,31}:\/\//gi;
/** From so many characters a login is hidden wherever it stands; shorter, in addresses only. */
export const LOGIN_LENGTH = 4;
/** The same for values of fields that are not named like secrets: words such as `stream` are among them. */
const VALUE_LENGTH = 8;
/** Addresses within one another; what looks like more of them belongs to the last. */
const MAX_ADDRESSES = 8;
/** What stands in the place of a secret. */
export const MASKED = '***';

/** A piece of a text that holds addresses; the pieces together are the text. */
export interface Piece {
  readonly text: string;
  readonly kind: 'plain' | 'scheme' | 'host' | 'login' | 'value';
  /** Of a login or value: from how many characters it is hidden also outside of addresses. */
  readonly hiddenFrom: number;
}

/**
 * Takes a text with addresses apart. The last address goes on to the end of the text, and each before
 * it to the next: `cache:http://…` and `door=rtsp://…` can be read, sentences can't.
 */
export function readPieces(text: string): readonly Piece[] {
  const starts = [...text.matchAll(SCHEME)]
    .filter(([scheme]) => !/^file:/i.test(scheme))
    .slice(0, MAX_ADDRESSES);
  if (starts.length === 0) {
    return split(text, STRAY_LOGIN, ([login]) => [piece(login, 'login', LOGIN_LENGTH)]);
  }
  const pieces = [piece(text.slice(0, starts[0]?.index))];
  for (const [i, start] of starts.entries()) {
    const [scheme] = start;
    const rest = text.slice(start.index + scheme.length, starts[i + 1]?.index);
    pieces.push(piece(scheme, 'scheme'), ...readRest(rest));
  }
  return pieces;
}

/** What may be shown of a text. @param hide hides known words in what else is shown */
export function shownOf(
  pieces: readonly Piece[],
  hide: (text: string) => string = (text) => text,
): string {
  const show = ({ text, kind }: Piece): string =>
    kind === 'plain' ? hide(text) : kind === 'login' || kind === 'value' ? MASKED : text;
  return pieces.map(show).join('');
}

/** What may be shown of a text with addresses; see {@link readPieces}. */
export function shownAddress(text: string): string {
  return shownOf(readPieces(text));
}

/**
 * Refuses an address that can't be meant as it is written: FFmpeg ends the host at the first `/`, `?` or `#`,
 * and would look for a camera of another name for ever.
 * @throws TypeError with the way out, without a secret
 */
export function expectAddress(text: string): void {
  const pieces = readPieces(text);
  if (!pieces.some(({ kind }) => kind === 'scheme')) {
    return;
  }
  const shown = shownOf(pieces).trim();
  if (/\p{Cc}/u.test(text)) {
    throw new TypeError(
      `Expected an address without control characters, got one in \`${shown}\`; percent-encode it`,
    );
  }
  if (text.startsWith(' ')) {
    throw new TypeError(`Expected an address, got a space before \`${shown}\`; leave it out`);
  }
  for (const [i, { text: login, kind }] of pieces.entries()) {
    const host = pieces.slice(i + 1).find((one) => one.kind === 'host')?.text ?? '';
    const raw = kind === 'login' ? login.search(/[/?#]/) : -1;
    if (raw >= 0 && isMeantAsLogin(login, raw, host)) {
      throw new TypeError(
        `The user or password in \`${shown}\` holds a raw \`${login.charAt(raw)}\`; write / as %2F, ? as %3F, # as %23`,
      );
    }
  }
}

/**
 * Whether what may be a login is one, rather than a host and a path with an `@` in it.
 * @param raw where its first `/`, `?` or `#` is   @param host what stands behind its `@`
 */
function isMeantAsLogin(login: string, raw: number, host: string): boolean {
  const other = login.slice(0, raw).replace(/^.*@/s, '');
  const isOtherNamed = /^(?:\[.*\]|localhost|[^:]+\.[^:]+)(?::\d+)?$/.test(other);
  const isHost = /^(?:\[.*\]|localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?$|^[\w-]+:\d+$/.test(host);
  return login.charAt(raw) === '#' || !isHostAndPort(other) || (!isOtherNamed && isHost);
}

/** Percent-decoded as far as it can be: a lone percent sign is meant as it is written. */
export function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (codes) => {
    try {
      return decodeURIComponent(codes);
    } catch {
      return codes;
    }
  });
}

/** @param rest what follows `scheme://`, to the end of the address */
function readRest(rest: string): Piece[] {
  const end = loginEnd(rest);
  const [, at = '', host = '', path = '', query = '', fragment = ''] =
    /^(@?)([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest.slice(Math.max(end, 0))) ?? [];
  const isShown = /^#?$|^#transport=(?:tcp|udp)$/.test(fragment);
  return [
    ...(end > 0 ? [piece(rest.slice(0, end), 'login', LOGIN_LENGTH)] : []),
    piece(at, 'scheme'),
    piece(host, 'host'),
    ...split(path, PATH_FIELD, ([, name = '', value = '']) =>
      SECRET_NAME.test(name)
        ? [piece(name), piece(value, 'value', LOGIN_LENGTH)]
        : [piece(name + value)],
    ),
    ...split(query, /[^?&;]+/g, ([field]) => readField(field)),
    ...(isShown
      ? [piece(fragment)]
      : [piece('#'), piece(fragment.slice(1), 'value', VALUE_LENGTH)]),
  ];
}

function readField(field: string): Piece[] {
  const [, name = '', value = field] = /^([^=]*=)(.*)$/s.exec(field) ?? [];
  const isShown = SHOWN_FIELDS.has(name.slice(0, -1).toLowerCase()) && value.length <= SHOWN_LENGTH;
  const length = SECRET_NAME.test(name) ? LOGIN_LENGTH : VALUE_LENGTH;
  return isShown ? [piece(field)] : [piece(name), piece(value, 'value', length)];
}

/**
 * Where the login ends; -1 where there is none. It reaches as far as it may have been meant: one that
 * holds a raw `/`, `?` or `#` is still one, and so is one that was cut short.
 */
function loginEnd(rest: string): number {
  const authority = /^[^/?#]*/.exec(rest)?.[0] ?? '';
  const path = /^[^?#]*/.exec(rest)?.[0] ?? '';
  const inPath = path.lastIndexOf('@');
  if (authority.includes('@')) {
    return inPath;
  }
  if (!isHostAndPort(authority)) {
    const end = rest.lastIndexOf('@');
    return end < 0 ? authority.length : end;
  }
  if (inPath < 0) {
    return authority === path && authority.includes(':') ? rest.lastIndexOf('@') : -1;
  }
  return path.slice(0, inPath).includes(':') ? inPath : -1;
}

function isHostAndPort(authority: string): boolean {
  return /^(?:\[[^\]]*\]|[^:]*)(?::\d{1,5})?$/.test(authority);
}

function piece(text: string, kind: Piece['kind'] = 'plain', hiddenFrom = Infinity): Piece {
  return { text, kind, hiddenFrom };
}

/** Reads what a pattern finds; what stands between stays as it is. */
function split(
  text: string,
  pattern: RegExp,
  read: (found: RegExpExecArray) => readonly Piece[],
): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    pieces.push(piece(text.slice(end, found.index)), ...read(found));
    end = found.index + found[0].length;
  }
  return [...pieces, piece(text.slice(end))];
}
