import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from '../../support/assert.ts';

/** A tensor of the reference in few numbers: elements evenly apart, and products with noise. */
export interface Probe {
  readonly length: number;
  readonly norm: number;
  readonly values: readonly number[];
  readonly dots: readonly number[];
}

/** What the reference reads from a picture, to the end. */
export interface GoldenSequence {
  readonly tokens: readonly number[];
  readonly classes: readonly number[];
  readonly scores: readonly number[];
  /** Of the first objects: ymin xmin ymax xmax, pixels of the picture. */
  readonly boxes: readonly (readonly number[])[];
}

/** What the reference answers to a prompt, to the end. */
export interface GoldenAnswer {
  readonly prompt: readonly number[];
  readonly tokens: readonly number[];
  /** Some of the logits that the tokens were chosen by. */
  readonly logits: readonly (Probe & { readonly step: number })[];
}

/** What the reference makes of a picture. */
export interface GoldenPicture {
  readonly width: number;
  readonly height: number;
  readonly unpadded: { readonly width: number; readonly height: number };
  readonly canvas: Probe;
  readonly features: Probe;
  readonly memory: Probe;
  readonly taught: readonly (Probe & { readonly best: number })[];
  readonly free: GoldenSequence;
  /** With noise fed for every class, as this engine does. */
  readonly fused: GoldenSequence;
  /** Where the points of a response lie: y and x of each, pixels of the picture; below 0 what is no point. */
  readonly outline?: { readonly tokens: readonly number[]; readonly points: readonly number[] };
  /** Of the first pictures of a multi-task model, by the reference's name of the task. */
  readonly answers?: Readonly<Record<string, readonly GoldenAnswer[]>>;
}

/** `golden.json`. */
export interface Golden {
  readonly parameters: number;
  readonly imageSize: number;
  readonly taughtTokens: readonly number[];
  readonly pictures: readonly GoldenPicture[];
}

/** The checkpoints that the reference made; see `fixtures/readme.md`. */
export const SMALL = ['vit-small', 'resnet-small', 'resnet-c-small', 'multi-task-small'] as const;

/** The folder of one. @param name of a small one, or an absolute path */
export function checkpointDir(name: string): string {
  return resolve(fileURLToPath(new URL('./fixtures/', import.meta.url)), name);
}

/** The text of `multi-task-small`, a SentencePiece model of 32 pieces. */
export function textVocabularyFile(): string {
  return join(checkpointDir('multi-task-small'), 'text.model');
}

/**
 * What the reference says of one.
 * @param name of a small one, or a folder   @param imageSize other than its own
 */
export async function readGolden(name: string, imageSize?: number): Promise<Golden> {
  const file = imageSize === undefined ? 'golden.json' : `golden-${imageSize}.json`;
  return JSON.parse(await readFile(join(checkpointDir(name), file), 'utf8')) as Golden;
}

/** A picture by formula. @returns uint8 [height, width, 3] */
export function picture(
  index: number,
  { width, height }: Pick<GoldenPicture, 'width' | 'height'>,
): Uint8Array {
  const image = new Uint8Array(width * height * 3);
  for (let c = 0; c < 3; c++) {
    const hash = hashes(`picture ${index} ${c}`);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const block = hash(Math.floor(y / 8) * 1024 + Math.floor(x / 8)) % 128;
        image[(y * width + x) * 3 + c] = block + ((3 * x + 5 * y + 40 * c + 11 * index) % 128);
      }
    }
  }
  return image;
}

/**
 * A picture that need not be resized, in the corner of a grey square.
 * @param index 0, which is a square, or 1, which is lower
 * @returns uint8 [S, S, 3]
 */
export function canvas(index: number, golden: GoldenPicture, pad: number): Uint8Array {
  const { width, height } = golden;
  const image = new Uint8Array(width * width * 3).fill(pad);
  image.set(picture(index, { width, height }));
  return image;
}

/** Asserts that a tensor is the one that was probed. @param relative largest error allowed, see `errorOf` */
export function expectProbe(
  actual: Float32Array,
  probe: Probe,
  relative: number,
  what: string,
): void {
  assert.is(actual.length, probe.length, `length of ${what}`);
  const error = errorOf(actual, probe);
  assert.ok(error <= relative, `${what} is off by ${error}`);
}

/**
 * How far a tensor is from the one that was probed, at most.
 * @returns a share: of elements, of their root mean square; of products with noise, of the norm
 */
export function errorOf(actual: Float32Array, { length, norm, values, dots }: Probe): number {
  const typical = norm / Math.sqrt(length);
  const ofValues = values.map((value, i) => {
    const found = actual[Math.floor((i * length) / values.length)] ?? NaN;
    return Math.abs(found - value) / typical;
  });
  const ofDots = dots.map((dot, k) => {
    const noise = noiseOf(`probe ${k}`);
    const found = actual.reduce((sum, value, i) => sum + value * noise(i), 0);
    return Math.abs(found - dot) / norm;
  });
  return Math.max(...ofValues, ...ofDots);
}

/** Uniform in [-1, 1). */
function noiseOf(name: string): (i: number) => number {
  const hash = hashes(name);
  return (i) => (hash(i) >>> 8) / 2 ** 23 - 1;
}

/** Murmur3's finaliser over numbers that begin at the name's 32-bit FNV-1a. */
function hashes(name: string): (i: number) => number {
  let seed = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) {
    seed = Math.imul(seed ^ byte, 0x01000193);
  }
  return (i) => {
    let x = (seed + Math.imul(i, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) >>> 0;
  };
}
