import type {
  Box,
  Detection,
  FrameInfo,
  ModelInfo,
  ObjectTokens,
  TokenSequence,
} from '../types.ts';
import { tokenToClass, tokenToUnit } from './vocabulary.ts';

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
  frame: Pick<FrameInfo, 'width' | 'height' | 'letterbox'>,
  model: ModelInfo,
): Detection {
  const [ymin, xmin, ymax, xmax, classToken] = tokens;
  const { scaleX, scaleY } = frame.letterbox;
  const across = (token: number): number => toSource(token, model, scaleX, frame.width);
  const down = (token: number): number => toSource(token, model, scaleY, frame.height);
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
  frame: Pick<FrameInfo, 'width' | 'height' | 'letterbox'>,
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

function toSource(token: number, model: ModelInfo, scale: number, limit: number): number {
  const pixels = (tokenToUnit(token, model.vocabulary) * model.image.size) / scale;
  return Math.min(limit, Math.max(0, pixels));
}
