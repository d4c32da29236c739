/** Turns the responses to prompts into values. */
import type { Keypoint, ModelInfo } from '../../core/types.ts';
import { promptOf } from '../../format/promptOf.ts';
import { tokenToX, tokenToY } from '../decode/sourcePixels.ts';
import type { SourceFrame } from '../decode/sourcePixels.ts';

/** Fewer points enclose nothing. */
const MIN_POINTS = 3;

/**
 * Turns the response to a `segment` prompt into polygons.
 * A point that free sampling made no point of, one token too many, and polygons of fewer than three points
 * are left out.
 * @param frame that was asked about
 * @returns `[x, y, x, y, …]` each, pixels of the frame, clipped to it
 * @throws PipelineError ERR_MODEL_LOAD where the model was not trained for it
 * Source: google-research/pix2seq `instance_segmentation._split_segment`; y comes first.
 */
export function toPolygons(
  tokens: Int32Array,
  frame: SourceFrame,
  model: ModelInfo,
): readonly (readonly number[])[] {
  const { separator } = promptOf('segment', model);
  const polygons: number[][] = [[]];
  for (const [y, x] of pairs(tokens)) {
    if (y === separator || x === separator) {
      polygons.push([]);
    } else if (isCoordinate(y, model) && isCoordinate(x, model)) {
      polygons.at(-1)?.push(tokenToX(x, frame, model), tokenToY(y, frame, model));
    }
  }
  return polygons.filter(({ length }) => length >= 2 * MIN_POINTS);
}

/**
 * Turns the response to a `pose` prompt into points.
 * @param frame that was asked about: the picture of the object alone
 * @returns one a name, in the model's order; pixels of the frame, 0 and 0 where `visible` is false
 * @throws PipelineError ERR_MODEL_LOAD where the model was not trained for it
 * Source: google-research/pix2seq `task_utils.decode_instance_seq_to_points`; y comes first.
 */
export function toKeypoints(
  tokens: Int32Array,
  frame: SourceFrame,
  model: ModelInfo,
): readonly Keypoint[] {
  const points = pairs(tokens);
  return promptOf('pose', model).names.map((name, i) => {
    const [y, x] = points[i] ?? [];
    return isCoordinate(y, model) && isCoordinate(x, model)
      ? { name, x: tokenToX(x, frame, model), y: tokenToY(y, frame, model), visible: true }
      : { name, x: 0, y: 0, visible: false };
  });
}

/**
 * Turns the response to a `caption` prompt into text. Tokens that are no text are left out.
 * @param pieces the text of each by its id, `▁` for a space; see `readPieces`
 * @throws PipelineError ERR_MODEL_LOAD where the model was not trained for it
 */
export function toCaption(tokens: Int32Array, model: ModelInfo, pieces: readonly string[]): string {
  const { textBase } = promptOf('caption', model);
  const text = Array.from(tokens, (token) => pieces[token - textBase] ?? '').join('');
  return text.replaceAll(WORD_BEGIN, ' ').trim();
}

/** What SentencePiece writes for a space, U+2581. */
const WORD_BEGIN = '▁';

/** @returns `[y, x]` each; a token too many is left out */
function pairs(tokens: Int32Array): (readonly [number, number])[] {
  return Array.from({ length: Math.floor(tokens.length / 2) }, (_, i) => [
    tokens[2 * i] ?? 0,
    tokens[2 * i + 1] ?? 0,
  ]);
}

function isCoordinate(token: number | undefined, { vocabulary }: ModelInfo): token is number {
  const { coordinateBase, bins } = vocabulary;
  return token !== undefined && token >= coordinateBase && token < coordinateBase + bins;
}
