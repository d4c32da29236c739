/** How pictures are called in a COCO results array, so that it fits the annotations of the same pictures. */
import { basename, extname } from 'node:path';
import { findFiles, kindOfSource, pathOf } from '../../operators/index.ts';
import { distinctNames } from './distinctNames.ts';

/** A picture as a COCO results array has it. */
export interface CocoPicture {
  /** By its name, where all are numbered so; absent otherwise. */
  readonly id?: number;
  /** Its file's name, with folders where another one has the same. */
  readonly name: string;
}

/** Files of these kinds hold one picture; the others may hold several, which one number would not tell apart. */
const SINGLE = /\.(jpe?g|png)$/i;

/**
 * Looks at the names of all pictures that will be read. COCO's own are numbers, such as `000000000139.jpg` and
 * `COCO_val2014_000000000139.jpg`: those are its ids.
 * @param sources what `detect` reads; videos and what can't be read are left out
 * @returns pictures by their path; all of them have ids, or none
 */
export async function listCocoPictures(
  sources: readonly string[],
): Promise<ReadonlyMap<string, CocoPicture>> {
  const paths = (await Promise.all(sources.map(picturesOf))).flat();
  const names = distinctNames(paths);
  const ids = ownNumbers(paths);
  return new Map(
    paths.map((path, index) => {
      const name = names[index] ?? path;
      const id = ids?.[index];
      return [path, id === undefined ? { name } : { id, name }];
    }),
  );
}

async function picturesOf(source: string): Promise<readonly string[]> {
  const path = pathOf(source);
  switch (await kindOfSource(path)) {
    case 'picture':
      return [path];
    case 'folder':
    case 'glob':
      return findFiles(path).then(
        ({ pictures }) => pictures,
        () => [], // reading it says why
      );
    case 'video':
      return [];
  }
}

/** @returns the number at the end of each name; undefined where one has none, or two have the same */
function ownNumbers(paths: readonly string[]): readonly number[] | undefined {
  const numbers = paths.map((path) => {
    const digits = /(?:^|[_-])(\d+)$/.exec(basename(path, extname(path)))?.[1];
    return SINGLE.test(path) && digits !== undefined ? Number(digits) : NaN;
  });
  const areOwn = numbers.every(Number.isSafeInteger) && new Set(numbers).size === numbers.length;
  return areOwn ? numbers : undefined;
}
