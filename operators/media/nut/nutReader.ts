/**
 * Takes pictures and their times out of a NUT stream of one raw video: what FFmpeg writes to a pipe, in place of
 * bare pictures whose times would have to come another way.
 * Source: the NUT open container format, https://ffmpeg.org/~michael/nut.txt
 */
import { NutPacket, noNut } from './nutPacket.ts';

/** The fields of a frame's header that its code stands for, from the main header's table. */
interface FrameCode {
  readonly flags: number;
  readonly sizeFactor: number;
  readonly sizeRest: number;
  readonly ptsDelta: number;
  readonly numReserved: number;
}

/** Bits of `flags`. */
const CODED_PTS = 8;
const STREAM_ID = 16;
const SIZE = 32;
const CHECKSUM = 64;
const RESERVED = 128;
const HEADER_INDEX = 1024;
const MATCH_TIME = 2048;
const CODED_FLAGS = 4096;

/** A packet of NUT's own begins with this letter, a frame never. */
const STARTCODE = 0x4e;
const FILE_ID = 'nut/multimedia container\0';
const MAIN = 'NMzV';
const STREAM = 'NS\x11@';
const SYNCPOINT = 'NK\xe4\xad';
/** No header that FFmpeg writes comes near; more would be no NUT. */
const MAX_HEADER_BYTES = 1 << 20;

/** Where the bytes of the pictures go. */
export interface NutSink {
  /** @param part bytes of the picture that is under way   @returns how many were taken; fewer where there is no room */
  take(part: Uint8Array): number;
  /** The picture is complete. @param pts seconds, as exact as the stream has it */
  onPicture(pts: number): void;
}

/** Reads a stream as its bytes come. */
export class NutReader {
  readonly #sink: NutSink;
  #isAtStart = true;
  /** The beginning of a header whose end has not come yet. */
  #head: Uint8Array = new Uint8Array();
  /** Bytes of the picture that are still to come. */
  #numLeft = 0;
  #pts = 0n;
  #codes: readonly FrameCode[] = [];
  /** Seconds in a unit of time, as a fraction. */
  #timeBase = { numerator: 1n, denominator: 1n };
  /** Bits of a time that are written where it is near the last one. */
  #ptsShift = 0n;

  constructor(sink: NutSink) {
    this.#sink = sink;
  }

  /**
   * Reads on.
   * @returns how many bytes were taken: all, or fewer where the sink has no room
   * @throws Error where this is no NUT stream of one video
   */
  write(bytes: Uint8Array): number {
    let at = 0;
    while (at < bytes.length) {
      if (this.#numLeft === 0) {
        at += this.#readHeader(bytes.subarray(at));
        continue;
      }
      const part = bytes.subarray(at, at + this.#numLeft);
      const taken = this.#sink.take(part);
      at += taken;
      this.#numLeft -= taken;
      if (this.#numLeft === 0) {
        this.#sink.onPicture(this.#seconds());
      } else if (taken < part.length) {
        break;
      }
    }
    return at;
  }

  #seconds(): number {
    const { numerator, denominator } = this.#timeBase;
    return Number(this.#pts * numerator) / Number(denominator);
  }

  /** @returns bytes taken: those of one header, or all, kept until the rest comes */
  #readHeader(bytes: Uint8Array): number {
    const before = this.#head.length;
    const head = before === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const packet = new NutPacket(head);
    if (this.#parse(packet)) {
      this.#head = new Uint8Array();
      return packet.at - before;
    }
    if (head.length > MAX_HEADER_BYTES) {
      throw noNut();
    }
    this.#head = Uint8Array.from(head);
    return bytes.length;
  }

  /** @returns whether the header was there as a whole */
  #parse(packet: NutPacket): boolean {
    if (this.#isAtStart) {
      this.#isAtStart = !packet.expect(FILE_ID);
      return !this.#isAtStart;
    }
    return packet.peek() === STARTCODE ? this.#parseOwn(packet) : this.#parseFrame(packet);
  }

  #parseOwn(packet: NutPacket): boolean {
    const content = packet.content();
    if (content === undefined) {
      return false;
    }
    switch (packet.kind) {
      case MAIN:
        this.#parseMain(content);
        break;
      case STREAM:
        this.#parseStream(content);
        break;
      case SYNCPOINT:
        this.#pts = content.unsigned(); // of one time base: the time of the last frame before
        break;
    }
    return true;
  }

  #parseMain(main: NutPacket): void {
    const version = main.unsigned();
    if (version > 3n) {
      main.unsigned(); // minor version
    }
    const numStreams = main.unsigned();
    main.unsigned(); // longest distance between two syncpoints
    const numTimeBases = main.unsigned();
    if (numStreams !== 1n || numTimeBases !== 1n) {
      throw new Error(`FFmpeg wrote ${numStreams} streams in place of one`);
    }
    this.#timeBase = { numerator: main.unsigned(), denominator: main.unsigned() };
    this.#codes = readFrameCodes(main);
  }

  #parseStream(stream: NutPacket): void {
    stream.unsigned(); // its number
    stream.unsigned(); // its class
    stream.bytes(); // its codec
    stream.unsigned(); // its time base
    this.#ptsShift = stream.unsigned();
  }

  #parseFrame(packet: NutPacket): boolean {
    const code = this.#codes[packet.byte()];
    if (code === undefined) {
      throw noNut();
    }
    const flags = code.flags ^ (code.flags & CODED_FLAGS ? Number(packet.unsigned()) : 0);
    if (flags & STREAM_ID) {
      packet.unsigned();
    }
    const pts =
      flags & CODED_PTS ? this.#time(packet.unsigned()) : this.#pts + BigInt(code.ptsDelta);
    const factor = flags & SIZE ? Number(packet.unsigned()) : 0;
    if (flags & MATCH_TIME) {
      packet.signed();
    }
    if (flags & HEADER_INDEX) {
      packet.unsigned();
    }
    const numReserved = flags & RESERVED ? Number(packet.unsigned()) : code.numReserved;
    for (let i = 0; i < numReserved && !packet.isShort; i++) {
      packet.unsigned();
    }
    packet.skip(flags & CHECKSUM ? 4 : 0);
    if (packet.isShort) {
      return false;
    }
    this.#pts = pts;
    this.#numLeft = factor * code.sizeFactor + code.sizeRest;
    return true;
  }

  /** A time from what is written of it: its last bits, where it is near the last one, or all of it. */
  #time(coded: bigint): bigint {
    const range = 1n << this.#ptsShift;
    if (coded >= range) {
      return coded - range;
    }
    const lowest = this.#pts - range / 2n;
    return ((coded - lowest) & (range - 1n)) + lowest;
  }
}

/** The table of frame codes: runs of codes that have most fields in common. */
function readFrameCodes(main: NutPacket): FrameCode[] {
  const codes: FrameCode[] = [];
  let ptsDelta = 0;
  let sizeFactor = 1;
  while (codes.length < 256 && !main.isShort) {
    const flags = Number(main.unsigned());
    const numFields = Number(main.unsigned());
    const field = (index: number, absent: number): number =>
      numFields > index ? Number(main.unsigned()) : absent;
    ptsDelta = numFields > 0 ? Number(main.signed()) : ptsDelta;
    sizeFactor = field(1, sizeFactor);
    field(2, 0); // the stream
    const firstRest = field(3, 0);
    const numReserved = field(4, 0);
    const count = field(5, sizeFactor - firstRest);
    for (let more = 6; more < numFields; more++) {
      main.unsigned();
    }
    for (let i = 0; i < count && codes.length < 256;) {
      const isFree = codes.length !== STARTCODE; // that code stands for no frame
      codes.push({ flags, sizeFactor, sizeRest: firstRest + i, ptsDelta, numReserved });
      i += isFree ? 1 : 0;
    }
  }
  return codes;
}
