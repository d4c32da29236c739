/** Reads labelled pictures: a file of COCO annotations. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { Value } from 'typebox/value';
import { PipelineError, toError } from '../../models/index.ts';
import type { LabelledBox } from './match.ts';

/** What of a COCO annotation file is used; further fields are for others. */
const CocoFile = Type.Object({
  images: Type.Array(
    Type.Object({
      id: Type.Integer(),
      file_name: Type.String({ minLength: 1 }),
      width: Type.Integer({ minimum: 1 }),
      height: Type.Integer({ minimum: 1 }),
      split: Type.Optional(Type.String()),
    }),
  ),
  annotations: Type.Array(
    Type.Object({
      image_id: Type.Integer(),
      category_id: Type.Integer(),
      bbox: Type.Tuple([
        Type.Number(),
        Type.Number(),
        Type.Number({ minimum: 0 }),
        Type.Number({ minimum: 0 }),
      ]),
      area: Type.Number({ minimum: 0 }),
      iscrowd: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 })),
    }),
  ),
  categories: Type.Array(Type.Object({ id: Type.Integer() })),
});

/** One picture and the boxes that were drawn in it. */
export interface LabelledPicture {
  readonly id: number;
  readonly path: string;
  /** Size that the annotations are for, pixels. */
  readonly width: number;
  readonly height: number;
  readonly labelled: readonly LabelledBox[];
}

/** Pictures to be judged by. */
export interface LabelledPictures {
  readonly pictures: readonly LabelledPicture[];
  readonly categoryIds: readonly number[];
}

/** Which pictures are read, and from where. */
export interface CocoFileOptions {
  /** Folder of the pictures. */
  readonly images: string;
  /** The annotation file. */
  readonly annotations: string;
  /** Only pictures whose `split` field is this. Default: all. */
  readonly split?: string | undefined;
  /** Only so many pictures, the first of the file; 0 for all. */
  readonly limit: number;
}

/**
 * Reads and checks a COCO annotation file, and that its pictures are there.
 * @throws PipelineError ERR_ANNOTATIONS that names the file, and the field or the picture
 */
export async function readCocoFile(options: CocoFileOptions): Promise<LabelledPictures> {
  const { images: folder, annotations: file, split, limit } = options;
  const coco = parse(file, await readText(file));
  const inSplit = coco.images.filter((image) => split === undefined || image.split === split);
  if (inSplit.length === 0) {
    throw unusable(file, split === undefined ? 'no picture' : `no picture of split \`${split}\``);
  }
  const boxes = boxesByPicture(coco);
  const pictures = inSplit.slice(0, limit || Infinity).map(({ id, file_name, width, height }) => {
    return { id, path: join(folder, file_name), width, height, labelled: boxes.get(id) ?? [] };
  });
  const missing = pictures.find(({ path }) => !existsSync(path)); // now, not after an hour
  if (missing !== undefined) {
    throw new PipelineError(
      'ERR_ANNOTATIONS',
      `There is no picture \`${missing.path}\`, which ${file} has annotations for`,
    );
  }
  return { pictures, categoryIds: coco.categories.map(({ id }) => id) };
}

/**
 * Checks that a picture is the one that was annotated: boxes of a smaller or turned copy would be
 * judged wrong in silence.
 * @throws PipelineError ERR_ANNOTATIONS
 */
export function expectSize(
  { path, width, height }: LabelledPicture,
  found: { readonly width: number; readonly height: number },
): void {
  if (found.width !== width || found.height !== height) {
    throw new PipelineError(
      'ERR_ANNOTATIONS',
      `Picture \`${path}\` is ${found.width} x ${found.height}, its annotations are for ${width} x ${height}`,
    );
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new PipelineError(
      'ERR_ANNOTATIONS',
      `Cannot read annotations \`${file}\`: ${toError(cause).message}`,
      { cause },
    );
  }
}

function parse(file: string, text: string): Static<typeof CocoFile> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new PipelineError('ERR_ANNOTATIONS', `Annotations \`${file}\` are not JSON`, { cause });
  }
  if (Value.Check(CocoFile, value)) {
    return value;
  }
  const [mistake] = Value.Errors(CocoFile, value);
  const where = mistake?.instancePath || 'the file';
  throw unusable(file, `a mistake: ${where} ${mistake?.message ?? 'is wrong'}`);
}

function unusable(file: string, what: string): PipelineError {
  return new PipelineError(
    'ERR_ANNOTATIONS',
    `COCO annotations were expected, and \`${file}\` has ${what}`,
  );
}

function boxesByPicture({ annotations }: Static<typeof CocoFile>): Map<number, LabelledBox[]> {
  const boxes = new Map<number, LabelledBox[]>();
  for (const { image_id, category_id: categoryId, bbox: xywh, area, iscrowd } of annotations) {
    const box = { categoryId, xywh, area, isCrowd: iscrowd === 1 };
    const others = boxes.get(image_id);
    if (others === undefined) {
      boxes.set(image_id, [box]);
    } else {
      others.push(box);
    }
  }
  return boxes;
}
