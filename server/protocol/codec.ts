/** The door to @msgpack/msgpack: how messages are written and read on a socket. */
import { decode, encode } from '@msgpack/msgpack';
import { hasOnlyUtf8 } from './msgpackText.ts';

/**
 * What a message of a client may promise, at each level. The library reserves what an array's header promises
 * before it has read the array, so that without limits a few bytes would reserve gigabytes. The longest right
 * array has 256 entries; `fromSeq` may name many sources.
 */
const DECODE_LIMITS = {
  maxArrayLength: 256,
  maxMapLength: 4_096,
  maxStrLength: 65_536,
  maxBinLength: 0,
  maxExtLength: 0,
} as const;

/** Half a character, which is written as an escape in JSON and can't be sent as UTF-8. */
const HALF = /\p{Surrogate}/u;
/** Where a JSON text may hold one. */
const HALF_ESCAPED = /\\u[dD][89a-fA-F]/;

/** A way to write messages. */
export interface Codec {
  readonly name: 'json' | 'msgpack';
  /** The subprotocol a client asks for it with. */
  readonly protocol: string;
  /** Whether its messages are binary; text otherwise. */
  readonly isBinary: boolean;
  encode(message: object): Uint8Array;
  /** @throws Error with one line where it cannot be read */
  decode(message: string | Uint8Array): unknown;
}

/** JSON text, the default. */
export const JSON_CODEC: Codec = {
  name: 'json',
  protocol: 'pix2seq-stream.v1.json',
  isBinary: false,
  encode: (message) => Buffer.from(JSON.stringify(message)),
  decode(message) {
    const text = String(message);
    return JSON.parse(text, HALF_ESCAPED.test(text) ? expectWhole : undefined) as unknown;
  },
};

/** The same objects as MessagePack. */
export const MSGPACK_CODEC: Codec = {
  name: 'msgpack',
  protocol: 'pix2seq-stream.v1.msgpack',
  isBinary: true,
  encode: (message) => encode(message, { ignoreUndefined: true }),
  decode(message) {
    const bytes = Buffer.from(message);
    const value = decode(bytes, DECODE_LIMITS);
    if (!hasOnlyUtf8(bytes)) {
      throw new Error('a text in it is no UTF-8');
    }
    return value;
  },
};

/** All of them, by subprotocol. */
export const CODECS: ReadonlyMap<string, Codec> = new Map(
  [JSON_CODEC, MSGPACK_CODEC].map((codec) => [codec.protocol, codec]),
);

/** Passes on what JSON holds. @throws Error where a text cannot be written as UTF-8 */
function expectWhole(key: string, value: unknown): unknown {
  if (HALF.test(key) || (typeof value === 'string' && HALF.test(value))) {
    throw new Error('a text in it holds half a character');
  }
  return value;
}
