/** Holds the classes of a data set beside those of a model: they are matched by their ids, as COCO does. */
import { PipelineError } from '../../../models/index.ts';
import type { ModelInfo } from '../../../models/index.ts';
import type { Category } from './cocoFile.ts';
import type { CocoCategory } from './cocoSchema.ts';

/** Most names in one message. */
const MAX_NAMES = 5;
/** What `import` calls classes that nobody named. */
const NUMBER = /^(class|objects365|unused)?\d+$/;

/**
 * Checks that data set and model mean the same by their class ids: where they do not, every figure would be near 0 and
 * no fault of the model. Upper case, spaces and other signs make no difference; what has no name is not compared.
 * @param file name of the data set's file
 * @returns a remark on labelled classes that the model does not know, and therefore misses; undefined where there is none
 * @throws PipelineError ERR_ANNOTATIONS where no class id is in common, or one has two meanings
 */
export function expectSameCategories(
  categories: readonly Category[],
  { name: model, labels }: ModelInfo,
  file: string,
): string | undefined {
  const labelOf = new Map(labels.map((label) => [label.id, label]));
  const common = categories.filter(({ id }) => labelOf.has(id));
  if (common.length === 0) {
    throw new PipelineError(
      'ERR_ANNOTATIONS',
      `\`${file}\` and the model ${model} have no category id in common: the file has ${listOf(categories)}, ` +
        `the model ${listOf(labels)}${hintOf(categories, labels)}`,
    );
  }
  const different = common.filter(({ id, name }) => {
    const [one, other] = [plain(name), plain(labelOf.get(id)?.name)];
    return one !== '' && other !== '' && one !== other;
  });
  if (different.length > 0) {
    const facts = different.map(
      ({ id, name }) =>
        `${id} is \`${name}\` in the file and \`${labelOf.get(id)?.name}\` in the model`,
    );
    throw new PipelineError(
      'ERR_ANNOTATIONS',
      `\`${file}\` and the model ${model} mean different things by a category id: ${some(facts)}` +
        hintOf(different, labels),
    );
  }
  const unknown = categories.filter(({ id, numBoxes }) => numBoxes > 0 && !labelOf.has(id));
  return unknown.length === 0
    ? undefined
    : `The model ${model} does not know ${listOf(unknown)}: what is labelled so counts as missed`;
}

/** What a class that is named in both has as its id in the model. */
function hintOf(categories: readonly Category[], labels: ModelInfo['labels']): string {
  const facts = categories.flatMap(({ id, name }) => {
    const label = labels.find((one) => plain(name) !== '' && plain(one.name) === plain(name));
    return label === undefined || label.id === id ? [] : [`\`${name}\` is ${label.id}`];
  });
  return facts.length === 0
    ? '; give each category the id of the model’s label'
    : `; by the model’s numbers ${some(facts)}`;
}

function listOf(classes: readonly CocoCategory[]): string {
  return some(classes.map(({ id, name }) => (name === undefined ? `${id}` : `${id} \`${name}\``)));
}

function some(facts: readonly string[]): string {
  const shown = facts.slice(0, MAX_NAMES).join(', ');
  return facts.length <= MAX_NAMES ? shown : `${shown} and ${facts.length - MAX_NAMES} more`;
}

/** A name without what makes no difference; empty where it says nothing. */
function plain(name: string | undefined): string {
  const letters = (name ?? '').toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  return NUMBER.test(letters) ? '' : letters;
}
