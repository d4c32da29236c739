/** The bytes of a NUT header, field by field; some may not have come yet. */

const CONTINUES = 0x80;
/** As many bytes as a number of 64 bits takes. */
const MAX_NUMBER_BYTES = 10;
/** Above so many bytes between the pointer and the end, the pointer has a checksum of its own. */
const LONG_PACKET = 4096;
const CHECKSUM_BYTES = 4;
const STARTCODE_BYTES = 8;

/** Says that what FFmpeg wrote is not what it was asked for. */
export function noNut(): Error {
  return new Error('FFmpeg wrote no NUT stream');
}

/** A place in a header. Fields that are not there read as 0, and `isShort` says so. */
export class NutPacket {
  readonly #bytes: Uint8Array;
  /** Bytes read. */
  at = 0;
  /** Whether more was asked for than there is. */
  isShort = false;
  /** First four bytes of the startcode, once `content` has read it. */
  kind = '';

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  peek(): number {
    return this.#bytes[this.at] ?? 0;
  }

  byte(): number {
    const value = this.#bytes[this.at];
    this.at += 1;
    this.isShort ||= value === undefined;
    return value ?? 0;
  }

  /** @returns whether all of the bytes were there */
  skip(count: number): boolean {
    this.at += count;
    this.isShort ||= this.at > this.#bytes.length;
    return !this.isShort;
  }

  /** Reads a text. @throws Error where the bytes, as far as they are there, are others */
  expect(text: string): boolean {
    const ahead = this.#bytes.subarray(this.at, this.at + text.length);
    if (!text.startsWith(String.fromCharCode(...ahead))) {
      throw noNut();
    }
    return this.skip(text.length);
  }

  /** A whole number of seven bits a byte. @throws Error where it is longer than any */
  unsigned(): bigint {
    let value = 0n;
    for (let count = 0; count < MAX_NUMBER_BYTES; count++) {
      const byte = this.byte();
      value = (value << 7n) | BigInt(byte & ~CONTINUES);
      if ((byte & CONTINUES) === 0) {
        return value;
      }
    }
    throw noNut();
  }

  /** A whole number that may be negative: 0, 1, -1, 2, -2 and so on. */
  signed(): bigint {
    const value = this.unsigned() + 1n;
    return value & 1n ? -(value >> 1n) : value >> 1n;
  }

  bytes(): Uint8Array {
    const length = Number(this.unsigned());
    const from = this.at;
    this.skip(length);
    return this.#bytes.subarray(from, this.at);
  }

  /**
   * Reads a packet of NUT's own, from its startcode to behind its checksum.
   * @returns what is in it, or nothing where its end has not come yet
   */
  content(): NutPacket | undefined {
    this.kind = String.fromCharCode(...this.#bytes.subarray(this.at, this.at + 4));
    this.skip(STARTCODE_BYTES);
    const length = Number(this.unsigned());
    this.skip(length > LONG_PACKET ? CHECKSUM_BYTES : 0);
    const from = this.at;
    return this.skip(length) && length >= CHECKSUM_BYTES
      ? new NutPacket(this.#bytes.subarray(from, this.at - CHECKSUM_BYTES))
      : undefined;
  }
}
