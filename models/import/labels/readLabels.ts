import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { PipelineError } from '../../core/errors.ts';
import { fileProblem } from '../../core/fileProblem.ts';
import type { Label } from '../../core/types.ts';
import { mistakeIn } from '../config/configShape.ts';
import { COCO } from './coco.ts';
import { OBJECTS365_V1, OBJECTS365_V2 } from './objects365.ts';

/** Class tokens of the vocabulary; id 0 with no shift is kept for padding. Source: pix2seq `vocab.py`. */
const MAX_LABELS = 899;
/** Categories of Objects365, of either edition. */
const NUM_OBJECTS365 = 365;

const KNOWN: ReadonlyMap<string | undefined, readonly string[]> = new Map([
  ['coco', COCO],
  ['objects365v1', OBJECTS365_V1],
  ['objects365v2', OBJECTS365_V2],
]);

/** What of an annotation file is used; further fields are for others. */
const CategoryFile = Type.Object({
  categories: Type.Array(Type.Object({ id: Type.Integer(), name: Type.String({ minLength: 1 }) }), {
    minItems: 1,
  }),
});

/** The classes of a checkpoint. */
export interface CheckpointLabels {
  /** In the order of the tokens: the first is of the first class token. */
  readonly labels: readonly Label[];
  /** False where they go by numbers, since nobody said what they are called. */
  readonly areNamed: boolean;
}

/** What has to be known to find the names of classes. */
export interface LabelSource {
  /** As the checkpoint's config names it. */
  readonly dataset: string;
  /**
   * What the data set adds to its ids. Those of the lists that are known begin at 1 with it: the reference adds nothing
   * to COCO's, and to those of Objects365 only where they are counted from 0.
   */
  readonly labelShift: number;
  /**
   * `coco`, `objects365v1`, `objects365v2`, or a JSON file whose `categories` are `{ id, name }`, as COCO's annotations
   * have them. By default `coco` where the data set is called so; others go by their numbers, for no file of a
   * checkpoint names them.
   */
  readonly names: string | undefined;
}

/**
 * Finds the names of a checkpoint's classes.
 * @throws PipelineError ERR_CHECKPOINT where the file of names is missing or of another kind
 */
export async function readLabels(source: LabelSource): Promise<CheckpointLabels> {
  const { dataset, labelShift, names } = source;
  const known = names === undefined && /coco/i.test(dataset) ? COCO : KNOWN.get(names);
  if (known !== undefined) {
    const categories = known.map((name, i) => ({ id: i + 1, name }));
    return { labels: inPlace('the list', categories, 0), areNamed: true };
  }
  if (names !== undefined) {
    return { labels: inPlace(names, await readCategories(names), labelShift), areNamed: true };
  }
  const isObjects365 = /obj(ects?)?_?365/i.test(dataset);
  const length = isObjects365 ? NUM_OBJECTS365 : MAX_LABELS;
  const labels = Array.from({ length }, (_, i) => {
    const id = i + 1 - labelShift;
    return { id, name: `${isObjects365 ? 'objects365' : 'class'} ${id}` };
  });
  return { labels, areNamed: false };
}

async function readCategories(file: string): Promise<readonly Label[]> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const isText = cause instanceof SyntaxError; // whose message repeats what it read
    throw unfit(file, isText ? 'it is no JSON' : fileProblem(cause), cause);
  }
  if (!Value.Check(CategoryFile, value)) {
    throw unfit(file, mistakeIn(CategoryFile, value));
  }
  return value.categories;
}

/** Puts each label where its token is; ids between that nobody uses keep the others in their places. */
function inPlace(file: string, categories: readonly Label[], labelShift: number): Label[] {
  const byId = new Map<number, Label>();
  for (const { id, name } of categories) {
    const place = id + labelShift;
    if (place < 1 || place > MAX_LABELS) {
      throw unfit(file, `id ${id} (${name}) has no token; ids go to ${MAX_LABELS - labelShift}`);
    }
    if (byId.has(id)) {
      throw unfit(file, `id ${id} occurs twice`);
    }
    byId.set(id, { id, name });
  }
  const first = 1 - labelShift;
  const numPlaces = Math.max(...byId.keys()) + labelShift;
  return Array.from({ length: numPlaces }, (_, i) => {
    const id = first + i;
    return byId.get(id) ?? { id, name: `unused ${id}` };
  });
}

function unfit(file: string, fact: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'ERR_CHECKPOINT',
    `Cannot take the names of the labels from ${file}: ${fact}; expected \`coco\`, \`objects365v1\`, ` +
      '`objects365v2`, or a JSON file with `categories` of `{ id, name }`',
    { cause },
  );
}
