import type { Box, Detection, ModelInfo, ObjectTokens, TokenSequence } from '../../core/types.ts';
import { tokenToX, tokenToY, xToToken, yToToken } from './sourcePixels.ts';
import type { SourceFrame } from './sourcePixels.ts';
import { tokenToClass } from './vocabulary.ts';

/**
 * Turns one object's five tokens into a box in source pixels with its label.
 * @param frame whose size and letterbox lead back to the source
 * @returns the box clipped to the frame, corners in order
 * @throws PipelineError ERR_TOKEN_RANGE where the fifth token is no class
 * Source: google-research/pix2seq `task_utils.decode_object_seq_to_bbox`; y comes first.
 */
export function toDetection(
  {
    tokens,
    score,
    reused = false,
  }: Pick<ObjectTokens, 'tokens' | 'score'> & Partial<Pick<ObjectTokens, 'reused'>>,
  frame: SourceFrame,
  model: ModelInfo,
): Detection {
  const [ymin, xmin, ymax, xmax, classToken] = tokens;
  const across = (token: number): number => tokenToX(token, frame, model);
  const down = (token: number): number => tokenToY(token, frame, model);
  const classId = tokenToClass(classToken, model.vocabulary, model.labels.length);
  const box: Box = {
    xmin: Math.min(across(xmin), across(xmax)),
    ymin: Math.min(down(ymin), down(ymax)),
    xmax: Math.max(across(xmin), across(xmax)),
    ymax: Math.max(down(ymin), down(ymax)),
  };
  const label = model.labels[classId]?.name ?? `class ${classId}`;
  return { label, classId, score, box, ...(reused && { reused }) };
}

/**
 * Turns a sequence into detections, in the order they were read.
 * @param minScore objects below it are left out, 0 to 1
 */
export function toDetections(
  sequence: TokenSequence,
  frame: SourceFrame,
  model: ModelInfo,
  minScore: number,
): Detection[] {
  const found: Detection[] = [];
  for (const [i, score] of sequence.scores.entries()) {
    if (score >= minScore) {
      const [a = 0, b = 0, c = 0, d = 0, e = 0] = sequence.tokens.subarray(5 * i, 5 * i + 5);
      found.push(
        toDetection(
          { tokens: [a, b, c, d, e], score, reused: sequence.reused[i] === 1 },
          frame,
          model,
        ),
      );
    }
  }
  return found;
}

/**
 * Turns a detection back into the five tokens that prompts have of it.
 * @param frame that its box is of
 * @returns `[ymin, xmin, ymax, xmax, class]`
 */
export function toObjectTokens(
  { box, classId }: Pick<Detection, 'box' | 'classId'>,
  frame: SourceFrame,
  model: ModelInfo,
): ObjectTokens['tokens'] {
  return [
    yToToken(box.ymin, frame, model),
    xToToken(box.xmin, frame, model),
    yToToken(box.ymax, frame, model),
    xToToken(box.xmax, frame, model),
    model.vocabulary.classBase + classId,
  ];
}
