/**
 * Raw RGB pictures with their times, as a Matroska stream: what FFmpeg is told through a pipe, where the
 * `rawvideo` format would have no place for a rate that varies.
 * Source: RFC 9559 (Matroska), RFC 8794 (EBML).
 */

/** What all pictures of a stream have in common. */
export interface RawVideo {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** About how many there are in a second; what they last is in their times. */
  readonly framesPerSecond: number;
}

/** So many bytes, to be known from no length: the stream ends where it ends. */
const UNKNOWN_SIZE = 'FFFFFFFFFFFFFF';
const NANOSECONDS = 1e9;
/** Nanoseconds in a unit of all times: a microsecond. */
const TIME_UNIT = 1_000;

/** The beginning of the stream. */
export function streamHead({ width, height, framesPerSecond }: RawVideo): Uint8Array {
  const track = element(
    'AE',
    element('D7', number(1)),
    element('73C5', number(1)),
    element('83', number(1)), // video
    element('86', Buffer.from('V_UNCOMPRESSED')),
    element('23E383', number(Math.round(NANOSECONDS / framesPerSecond))),
    element(
      'E0',
      element('B0', number(width)),
      element('BA', number(height)),
      element('2EB524', Buffer.from('RGB\x18')), // 8 bits each, in this order
    ),
  );
  return Buffer.concat([
    element('1A45DFA3', element('4282', Buffer.from('matroska'))),
    Buffer.from(`1853806701${UNKNOWN_SIZE}`, 'hex'),
    element('1549A966', element('2AD7B1', number(TIME_UNIT))),
    element('1654AE6B', track),
  ]);
}

/** What comes before the pixels of each picture. @param micros its time, microseconds */
export function pictureHead(micros: number, numBytes: number): Uint8Array {
  const time = element('E7', number(micros));
  const flags = Buffer.from([0x81, 0, 0, 0x80]); // of track 1, at the cluster's time, a keyframe
  const block = Buffer.concat([begin('A3', flags.length + numBytes), flags]);
  return Buffer.concat([begin('1F43B675', time.length + block.length + numBytes), time, block]);
}

function element(id: string, ...content: readonly Uint8Array[]): Uint8Array {
  const size = content.reduce((sum, { length }) => sum + length, 0);
  return Buffer.concat([begin(id, size), ...content]);
}

/** An element's name and size, the latter always in eight bytes. */
function begin(id: string, size: number): Uint8Array {
  return Buffer.concat([Buffer.from(`${id}01`, 'hex'), number(size).subarray(1)]);
}

function number(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}
