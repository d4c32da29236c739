/** The door to sharp for making clips of labelled pictures. */
import { join } from 'node:path';
import { mersenne } from 'pure-rand/generator/mersenne';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import sharp from 'sharp';
import { readPixels } from '../../../operators/index.ts';
import { expectSize } from './cocoFile.ts';
import type { LabelledPicture } from './cocoFile.ts';
import { windowsOf } from './windows.ts';
import type { Window } from './windows.ts';

/** Seeds that belong to one picture: one for the way, one for each frame's noise. */
const SEEDS_A_PICTURE = 64;

/** A picture as a short clip. */
export interface Clip {
  /** Its frames, in order. */
  readonly files: readonly string[];
  /** What the last frame shows of the picture. */
  readonly lastWindow: Window;
}

interface Raw {
  readonly data: Uint8Array; // [height, width, 3]
  readonly raw: { readonly width: number; readonly height: number; readonly channels: 3 };
}

/**
 * Makes a clip of a picture, as a slowly moving, noisy camera would see it: windows that move over
 * it, with sensor noise. Written as PNG files, so that they are read as all pictures are.
 * The same picture gives the same last frame in every clip, however long.
 * @param folder where the frames go; those of an earlier clip are overwritten
 * @throws PipelineError ERR_VIDEO_OPEN where the picture cannot be read, ERR_ANNOTATIONS where it is not as large as annotated
 */
export async function writeClip(
  picture: LabelledPicture,
  numFrames: number,
  folder: string,
): Promise<Clip> {
  const { data: pixels, width, height } = await readPixels(picture.path);
  const upright: Raw = { data: pixels, raw: { width, height, channels: 3 } };
  expectSize(picture, upright.raw);
  const seed = picture.id * SEEDS_A_PICTURE;
  const windows = windowsOf(upright.raw, numFrames, seed);
  const files = windows.map((_, frame) => join(folder, `${frame}.png`));
  for (const [frame, window] of windows.entries()) {
    const { data, raw } = await cutOut(upright, window);
    addNoise(data, seed + numFrames - frame);
    await sharp(data, { raw })
      .png({ compressionLevel: 1 }) // noise does not get smaller by trying harder
      .toFile(files[frame] ?? '');
  }
  return { files, lastWindow: windows.at(-1) ?? { left: 0, top: 0, ...upright.raw } };
}

async function cutOut({ data, raw }: Raw, window: Window): Promise<Raw> {
  const { width, height } = window;
  const cut = await sharp(data, { raw }).extract(window).raw().toBuffer();
  return { data: cut, raw: { width, height, channels: 3 } };
}

/** Adds noise of standard deviation 2: two dice from -2 to 2 on each byte. */
function addNoise(data: Uint8Array, seed: number): void {
  const random = mersenne(seed);
  for (const [i, value] of data.entries()) {
    const noisy = value + uniformInt(random, -2, 2) + uniformInt(random, -2, 2);
    data[i] = Math.min(255, Math.max(0, noisy));
  }
}
