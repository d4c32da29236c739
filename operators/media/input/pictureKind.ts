/** What a picture file is by its first bytes, whatever its name says. */

/** Formats that are read, and the one that is known to be refused. */
export type PictureKind = 'jpeg' | 'png' | 'gif' | 'webp' | 'tiff' | 'avif' | 'svg';

/** Bytes that are enough to tell. */
export const KIND_BYTES = 4096;

/**
 * Tells a picture by its first bytes.
 * @param head `KIND_BYTES` of it, or all there are
 * @returns undefined for everything else, such as videos
 */
export function pictureKindOf(head: Uint8Array): PictureKind | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text.startsWith('\xff\xd8\xff')) {
    return 'jpeg';
  }
  if (text.startsWith('\x89PNG\r\n\x1a\n')) {
    return 'png';
  }
  if (/^GIF8[79]a/.test(text)) {
    return 'gif';
  }
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) {
    return 'webp';
  }
  if (/^(?:II[*+]\0|MM\0[*+])/.test(text)) {
    return 'tiff';
  }
  if (brandsOf(text).some((brand) => brand === 'avif' || brand === 'avis')) {
    return 'avif';
  }
  // also behind a mark of its encoding, a declaration, comments
  return /^(?:\xef\xbb\xbf)?\s*<[^]*<?svg[\s>]/i.test(text) ? 'svg' : undefined;
}

/** Whether an AVIF file holds a sequence of pictures. */
export function isSequence(head: Uint8Array): boolean {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  return brandsOf(text)[0] === 'avis';
}

/** The brands of an ISO base media file, the chief one first. Source: ISO/IEC 14496-12 section 4.3. */
function brandsOf(text: string): string[] {
  if (!text.startsWith('ftyp', 4)) {
    return [];
  }
  const size = text.charCodeAt(2) * 256 + text.charCodeAt(3);
  const compatible = text.slice(16, size).match(/[^]{4}/g) ?? [];
  return [text.slice(8, 12), ...compatible];
}
