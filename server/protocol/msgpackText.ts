import { isUtf8 } from 'node:buffer';

/** Bytes behind the first one of a value of fixed length, by that first byte from 0xca on (MessagePack specification). */
const NUMBER_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/**
 * Whether every text in some MessagePack is UTF-8. The library reads others as something else, and would send them
 * back as they were. Values stand one behind the other, however they are nested, so that one walk sees all.
 * @param bytes what could be decoded without bytes and extensions
 */
export function hasOnlyUtf8(bytes: Buffer): boolean {
  let at = 0;
  const isText = (length: number): boolean => isUtf8(bytes.subarray(at, (at += length)));
  while (at < bytes.length) {
    const first = bytes.readUInt8(at);
    at += 1;
    if (first >= 0xa0 && first < 0xc0) {
      if (!isText(first & 0x1f)) {
        return false;
      }
    } else if (first >= 0xd9 && first <= 0xdb) {
      const lengthBytes = 2 ** (first - 0xd9);
      const length = bytes.readUIntBE(at, lengthBytes);
      at += lengthBytes;
      if (!isText(length)) {
        return false;
      }
    } else if (first >= 0xca && first <= 0xd3) {
      at += NUMBER_BYTES[first - 0xca] ?? 0;
    } else if (first >= 0xc4 && first <= 0xc9) {
      at += first < 0xc7 ? 2 ** (first - 0xc4) : 2 ** (first - 0xc7) + 1; // an empty one: its length, and its kind
    } else if (first >= 0xdc && first <= 0xdf) {
      at += first % 2 === 0 ? 2 : 4; // the number of what follows
    }
  }
  return true;
}
