/** Reads labelled pictures: a file of COCO annotations. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PipelineError } from '../../../models/index.ts';
import { fileProblem } from '../../../models/core/fileProblem.ts';
import { parseCoco, unusable } from './cocoSchema.ts';
import type { CocoCategory, CocoFile, CocoImage } from './cocoSchema.ts';
import type { LabelledBox } from './match.ts';

/** One picture and the boxes that were drawn in it. */
export interface LabelledPicture {
  readonly id: number;
  readonly path: string;
  /** Size that the annotations are for, pixels. */
  readonly width: number;
  readonly height: number;
  readonly labelled: readonly LabelledBox[];
}

/** A class of the data set. */
export interface Category extends CocoCategory {
  /** Boxes of it in the pictures. */
  readonly numBoxes: number;
}

/** Pictures to be judged by. */
export interface LabelledPictures {
  readonly pictures: readonly LabelledPicture[];
  readonly categories: readonly Category[];
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
 * Reads and checks a COCO annotation file, and that its pictures are there. A picture that stands there twice counts
 * once, as with pycocotools.
 * @throws PipelineError ERR_ANNOTATIONS that names the file, and the field, the picture or the id
 */
export async function readCocoFile(options: CocoFileOptions): Promise<LabelledPictures> {
  const { images: folder, annotations: file, split, limit } = options;
  const coco = parseCoco(file, await readText(file));
  const images = byId(file, 'picture', coco.images);
  const categories = byId(file, 'category', coco.categories);
  expectOwnIds(file, coco);
  const inSplit = images.filter((image) => split === undefined || image.split === split);
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
  return { pictures, categories: counted(categories, pictures) };
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
      `Cannot read annotations \`${file}\`: ${fileProblem(cause)}`,
      { cause },
    );
  }
}

/** @returns each entry once, in the order of the file @throws PipelineError where one id stands for two */
function byId<T extends CocoImage | CocoCategory>(
  file: string,
  what: string,
  entries: readonly T[],
): readonly T[] {
  const found = new Map<number, T>();
  for (const entry of entries) {
    const first = found.get(entry.id) ?? entry;
    const [one, other] = [meaningOf(first), meaningOf(entry)];
    if (one !== other) {
      throw unusable(file, `${what} id ${entry.id} twice, for ${one} and for ${other}`);
    }
    found.set(entry.id, first);
  }
  return [...found.values()];
}

function meaningOf(entry: CocoImage | CocoCategory): string {
  if ('file_name' in entry) {
    const { file_name, width, height, split } = entry;
    const part = split === undefined ? '' : `, split \`${split}\``;
    return `\`${file_name}\` (${width} x ${height}${part})`;
  }
  return entry.name === undefined ? 'no name' : `\`${entry.name}\``;
}

/** @throws PipelineError where two annotations have one id: pycocotools would take the last one for both */
function expectOwnIds(file: string, { annotations }: CocoFile): void {
  const indices = new Map<unknown, number>();
  for (const [index, { id }] of annotations.entries()) {
    const first = indices.get(id);
    if (first !== undefined) {
      const places = `annotations[${first}] and annotations[${index}]`;
      throw unusable(file, `annotation id ${JSON.stringify(id)} twice, at ${places}`);
    }
    if (id !== undefined) {
      indices.set(id, index);
    }
  }
}

function boxesByPicture({ annotations }: CocoFile): Map<number, LabelledBox[]> {
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

function counted(
  categories: readonly CocoCategory[],
  pictures: readonly LabelledPicture[],
): readonly Category[] {
  const counts = new Map<number, number>();
  for (const { categoryId } of pictures.flatMap(({ labelled }) => labelled)) {
    counts.set(categoryId, (counts.get(categoryId) ?? 0) + 1);
  }
  return categories.map(({ id, name }) => {
    return { id, ...(name === undefined ? {} : { name }), numBoxes: counts.get(id) ?? 0 };
  });
}
