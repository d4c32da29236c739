/** Makes pictures that move, of plain greys: picture n is 50 n. */
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import type { Sharp } from 'sharp';

/** Size of each picture, pixels. */
export const WIDTH = 40;
export const HEIGHT = 20;
/** How long each is shown, milliseconds; one is too short to be meant. */
const DELAYS = [100, 200, 0, 40, 100];
/** When each begins, seconds. */
export const TIMES: readonly number[] = [0, 0.1, 0.3, 0.4, 0.44];

/** The file formats, and what makes a file of one. */
export const MAKERS: Readonly<Record<'gif' | 'webp' | 'tiff' | 'png', () => Promise<Buffer>>> = {
  gif: () => strip().gif({ delay: DELAYS }).toBuffer(),
  webp: () => strip().webp({ lossless: true, delay: DELAYS }).toBuffer(),
  tiff: () => strip().tiff({ compression: 'lzw' }).toBuffer(),
  png: animatedPng,
};

/** The grey of a picture. */
export function greyOf(index: number): number {
  return 50 * index;
}

/** All pictures, one below the other. */
function strip(): Sharp {
  const bytes = WIDTH * HEIGHT * 3;
  const raw = Buffer.alloc(bytes * DELAYS.length);
  DELAYS.forEach((_, index) => raw.fill(greyOf(index), index * bytes, (index + 1) * bytes));
  const height = HEIGHT * DELAYS.length;
  return sharp(raw, { raw: { width: WIDTH, height, channels: 3, pageHeight: HEIGHT } });
}

/** Source: PNG (Third Edition) section 11.3.6. */
async function animatedPng(): Promise<Buffer> {
  const size = { width: WIDTH, height: HEIGHT, channels: 3 as const };
  const pngs = await Promise.all(
    DELAYS.map((_, index) => {
      const pixels = Buffer.alloc(WIDTH * HEIGHT * 3, greyOf(index));
      return sharp(pixels, { raw: size }).png().toBuffer();
    }),
  );
  let sequence = 0;
  const frames = pngs.flatMap((png, index) => {
    const control = Buffer.alloc(26);
    [sequence++, WIDTH, HEIGHT, 0, 0].forEach((value, at) => control.writeUInt32BE(value, 4 * at));
    control.writeUInt16BE(DELAYS[index] || 100, 20);
    control.writeUInt16BE(1_000, 22);
    const data = chunksOf(png, 'IDAT').map((pixels) => {
      if (index === 0) {
        return chunk('IDAT', pixels);
      }
      const number = Buffer.alloc(4);
      number.writeUInt32BE(sequence++);
      return chunk('fdAT', Buffer.concat([number, pixels]));
    });
    return [chunk('fcTL', control), ...data];
  });
  const animation = Buffer.alloc(8);
  animation.writeUInt32BE(DELAYS.length);
  const [first = Buffer.alloc(0)] = pngs;
  const head = chunksOf(first, 'IHDR').map((header) => chunk('IHDR', header));
  const all = [...head, chunk('acTL', animation), ...frames, chunk('IEND', Buffer.alloc(0))];
  return Buffer.concat([first.subarray(0, 8), ...all]);
}

/** A chunk of a PNG. */
export function chunk(kind: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

function chunksOf(png: Buffer, kind: string): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === kind) {
      found.push(png.subarray(at + 8, at + 8 + length));
    }
    at += length + 12;
  }
  return found;
}
