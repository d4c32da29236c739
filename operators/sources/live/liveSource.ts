import { expectAddress } from '../../../models/core/address.ts';
import { maskAddress, maskFor } from '../../../models/core/secrets.ts';
import type { Mask } from '../../../models/core/secrets.ts';
import type { OptionTable } from '../../../models/core/options.ts';
import { resolveOptions } from '../../../models/core/resolveOptions.ts';
import { suggest } from '../../../models/core/validate.ts';
import { isWebFile } from '../../media/input/fileEndings.ts';
import { DEFAULT_PATTERN, readPattern } from './testPattern.ts';
import type { ResolvedPattern, TestPattern } from './testPattern.ts';

/** A camera or a stream on the network. */
export interface NetworkSource {
  /** `rtsp://`, `rtsps://`, `http://`, `https://`, `rtmp://`, `udp://`, `tcp://`, `srt://` and their kin. */
  readonly url: string | URL;
  /** How RTSP carries its pictures; no other scheme has the choice. Default `tcp`, which loses none. */
  readonly transport?: 'tcp' | 'udp' | undefined;
  /** As it is, not percent-encoded. Default: what the address holds. */
  readonly user?: string | undefined;
  /** As it is, not percent-encoded. Default: what the address holds. */
  readonly password?: string | undefined;
}

/** A camera of this machine. */
export interface WebcamSource {
  /** Its number, from 0, or its name: `/dev/video0` on Linux; on Windows only its name. */
  readonly webcam: number | string;
}

/** A screen of this machine. */
export interface ScreenSource {
  /** Its number, from 0, or its X11 display, `:0.0`. */
  readonly screen: number | string;
}

/** A moving pattern with known boxes; see `testBoxes`. */
export interface TestSource {
  readonly test: TestPattern;
}

const NETWORK_OPTIONS: OptionTable<NetworkSource> = {
  url: { type: 'value', required: true },
  transport: { type: 'choice', values: ['tcp', 'udp'] },
  user: { type: 'text' },
  password: { type: 'text' },
};
const WEBCAM_OPTIONS: OptionTable<WebcamSource> = { webcam: { type: 'value', required: true } };
const SCREEN_OPTIONS: OptionTable<ScreenSource> = { screen: { type: 'value', required: true } };
const TEST_OPTIONS: OptionTable<TestSource> = { test: { type: 'value', required: true } };

/** A live source, written out. */
export type LiveSource = NetworkSource | WebcamSource | ScreenSource | TestSource;

/** A live source, read: what FFmpeg has to be told. */
export type LiveAddress =
  | {
      readonly kind: 'network';
      /** In lower case, without the colon. */
      readonly scheme: string;
      /** With its user and password. */
      readonly url: string;
      readonly transport: 'tcp' | 'udp';
    }
  | { readonly kind: 'webcam'; readonly device: string }
  | { readonly kind: 'screen'; readonly device: string }
  | { readonly kind: 'test'; readonly pattern: ResolvedPattern };

const SCHEMES = 'rtsp rtsps http https rtmp rtmps rtmpt rtmpe rtmpte rtmpts udp tcp srt rtp'.split(
  ' ',
);
/** The schemes that a misspelt one may stand for; their kin are too near to one another. */
const NEAREST = ['rtsp', 'http', 'https', 'rtmp', 'udp', 'tcp', 'srt'];
const ADDRESS = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is;
/** The end of an RTSP address that chooses the transport; a fragment, since no server ever sees it. */
const TRANSPORT = /#transport=(tcp|udp)$/;

/**
 * Whether `fromLive` is the way to open a source, rather than `fromVideo` or `fromImages`.
 * A web address counts as live unless its path ends like a file (`.mp4`, `.jpg`, …).
 * @param input what a user typed, or a typed source
 */
export function isLiveSource(input: unknown): boolean {
  if (typeof input === 'object' && input !== null && !(input instanceof URL)) {
    return ['url', 'webcam', 'screen', 'test'].some((key) => key in input);
  }
  const text = String(input);
  const scheme = ADDRESS.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'http' || scheme === 'https') {
    return !isWebFile(text.replace(/[?#].*$/s, ''));
  }
  return scheme === undefined
    ? /^(?:webcam|screen|test):|^\/dev\/video\d+$/.test(text)
    : SCHEMES.includes(scheme);
}

/**
 * Reads a live source.
 * @throws TypeError where it is none, its login holds a raw `/`, `?` or `#`, or it has an unknown field; no secret is in it
 */
export function readLiveSource(input: string | URL | LiveSource): LiveAddress {
  if (typeof input === 'string' || input instanceof URL) {
    return readText(String(input));
  }
  if ('webcam' in input) {
    const { webcam } = resolveOptions('a webcam source', WEBCAM_OPTIONS, input);
    return { kind: 'webcam', device: String(webcam) };
  }
  if ('screen' in input) {
    const { screen } = resolveOptions('a screen source', SCREEN_OPTIONS, input);
    return { kind: 'screen', device: String(screen) };
  }
  if ('test' in input) {
    const { test } = resolveOptions('a test source', TEST_OPTIONS, input);
    return { kind: 'test', pattern: readPattern(test) };
  }
  const { transport, user, password } = resolveOptions('a network source', NETWORK_OPTIONS, input);
  const address = readText(String(input.url));
  if (address.kind !== 'network') {
    throw new TypeError(`Expected \`url\` to be an address, got \`${maskedAddress(input)}\``);
  }
  const url = withLogin(address.url, user, password);
  return { ...address, url, transport: transport ?? address.transport };
}

function readText(text: string): LiveAddress {
  return readDevice(text) ?? readNetwork(text);
}

/** @returns nothing where it is no source of this machine */
function readDevice(text: string): LiveAddress | undefined {
  const [, kind, rest = ''] = /^(webcam|screen|test):(.*)$/s.exec(text) ?? [];
  if (kind === 'test') {
    return { kind, pattern: rest === '' ? DEFAULT_PATTERN : readPattern(rest) };
  }
  if (kind === 'webcam' || kind === 'screen') {
    return { kind, device: rest === '' ? '0' : rest };
  }
  return /^\/dev\/video\d+$/.test(text) ? { kind: 'webcam', device: text } : undefined;
}

function readNetwork(text: string): LiveAddress {
  const scheme = ADDRESS.exec(text)?.[1]?.toLowerCase() ?? text.split(':')[0] ?? '';
  if (!SCHEMES.includes(scheme) || !ADDRESS.test(text)) {
    const known = 'rtsp://, http://, rtmp://, udp://, tcp://, srt://, webcam:, screen: or test:';
    throw new TypeError(
      `Expected a live source (${known}), got \`${maskAddress(text)}\`${suggest(scheme, NEAREST)}`,
    );
  }
  expectAddress(text);
  const transport = TRANSPORT.exec(text)?.[1] === 'udp' ? 'udp' : 'tcp';
  return { kind: 'network', scheme, url: text.replace(TRANSPORT, ''), transport };
}

function withLogin(url: string, user?: string, password?: string): string {
  if (user === undefined && password === undefined) {
    return url;
  }
  const bare = url.replace(/^([^:]+:\/\/)[^/?#]*@/, '$1');
  const login = [user ?? '', ...(password === undefined ? [] : [password])];
  return bare.replace('://', () => `://${login.map(encodeURIComponent).join(':')}@`);
}

/**
 * The name of a live source, for people: its address without a word that should stay secret.
 * @param input what a user typed, or a typed source
 * @returns `rtsp://***@10.0.0.7/live`, `webcam:0`
 */
export function maskedAddress(input: string | URL | LiveSource): string {
  if (typeof input === 'string' || input instanceof URL) {
    return maskAddress(String(input));
  }
  if ('webcam' in input) {
    return `webcam:${input.webcam}`;
  }
  if ('screen' in input) {
    return `screen:${input.screen}`;
  }
  return 'test' in input ? 'test:' : maskAddress(String(input.url));
}

/**
 * Makes a mask that knows the secrets of a source.
 * @param input what a user typed, or a typed source   @param secrets other words to hide
 */
export function maskOf(input: string | URL | LiveSource, secrets: readonly string[] = []): Mask {
  if (typeof input === 'string' || input instanceof URL) {
    return maskFor([String(input)], secrets);
  }
  if (!('url' in input)) {
    return maskFor([], secrets);
  }
  const url = String(input.url);
  return maskFor([url, withLogin(url, input.user, input.password)], secrets);
}
