/** How the boxes of an MP4, MOV or 3GP file stand to one another, as far as they have come. */

/** Boxes that such a file may begin with. */
const FIRST = 'ftyp styp moov moof mdat free skip wide uuid pnot sidx emsg prft'.split(' ');
/** A header with a 64-bit size. */
const LARGE_HEADER_BYTES = 16;

/**
 * Whether an ISO base media file has its media data before its index, so that it can't be read as it comes.
 * @param head the first bytes of the file, whatever it is
 * @returns undefined where more of it is needed to tell
 * Source: ISO/IEC 14496-12 section 4.2, boxes.
 */
export function needsSeeking(head: Uint8Array): boolean | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 0; at + 8 <= head.length;) {
    const kind = String.fromCharCode(...head.subarray(at + 4, at + 8));
    if (at === 0 && !FIRST.includes(kind)) {
      return false; // of another kind
    }
    if (kind === 'mdat') {
      return true;
    }
    if (kind === 'moov' || kind === 'moof') {
      return false;
    }
    let size = view.getUint32(at);
    if (size === 1) {
      if (at + LARGE_HEADER_BYTES > head.length) {
        return undefined;
      }
      size = Number(view.getBigUint64(at + 8));
    }
    if (size < 8) {
      return false; // up to the end of the file (0), or no box at all: there is no index
    }
    at += size;
  }
  return undefined;
}
