import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundledImageSpec } from '../../../models/index.ts';
import type { DecodeOptions, StopReason } from '../../../models/index.ts';
import { fitPicture } from '../../../operators/media/pictures/fitPicture.ts';
import { readPixels } from '../../../operators/media/pictures/readPicture.ts';

const FIXTURES = new URL('../../fixtures/', import.meta.url);

/** The bundled model's folder. */
export const BUNDLED: string = fileURLToPath(new URL('../../../models/nano', import.meta.url));

/** The pictures of `fixtures/pictures`. */
export const PICTURES = ['campus', 'campus-later', 'campus-portrait'] as const;

/** What the reference reads out of one picture; made by `fixtures/build/makeGolden.py`. */
export interface Golden {
  readonly imageSha256: string;
  readonly modelSha256: Readonly<Record<string, string>>;
  readonly runs: readonly {
    readonly options: DecodeOptions;
    readonly stop: StopReason;
    readonly tokens: readonly number[];
    readonly scores: readonly number[];
  }[];
}

/** Reads a golden file. */
export async function readGolden(picture: string): Promise<Golden> {
  const text = await readFile(new URL(`golden/${picture}.json`, FIXTURES), 'utf8');
  return JSON.parse(text) as Golden;
}

/** A picture as the bundled model wants it, uint8 [416, 416, 3]; the package's own reader fits it. */
export async function letterboxed(picture: string): Promise<Uint8Array> {
  const path = fileURLToPath(new URL(`pictures/${picture}.png`, FIXTURES));
  const { image } = await fitPicture(await readPixels(path), {
    image: bundledImageSpec(),
    display: 0,
  });
  return image;
}
