import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptionPrompt, Label, PosePrompt, SegmentPrompt } from '../../../models/index.ts';
import { importSmall } from '../../models/import/imported.ts';
import type { Imported } from '../../models/import/imported.ts';

/** What a small model is said to answer; its weights are random, so that it answers at random. */
export const PROMPTS: {
  readonly segment: SegmentPrompt;
  readonly pose: PosePrompt;
  readonly caption: CaptionPrompt;
} = {
  segment: { token: 11, separator: 40, maxPoints: 16 },
  pose: {
    token: 12,
    invisible: 41,
    names: ['head', 'hand', 'foot'],
    labels: ['person'],
    margin: 0.5,
  },
  caption: { token: 13, textBase: 2_000, eos: 2_001, maxTokens: 12 },
};

/**
 * Imports a small checkpoint and says of it that it knows more than detection.
 * @param posed which of its labels have keypoints. Default: those of `PROMPTS`
 */
export async function importMultiTask(
  posed?: (labels: readonly Label[]) => readonly string[],
): Promise<Imported> {
  const model = await importSmall('vit-small');
  const file = join(model.modelDir, 'model.json');
  const described = JSON.parse(await readFile(file, 'utf8')) as { labels: readonly Label[] };
  const labels = posed?.(described.labels) ?? PROMPTS.pose.labels;
  const prompts = { ...PROMPTS, pose: { ...PROMPTS.pose, labels } };
  await writeFile(file, JSON.stringify({ ...described, prompts }));
  return model;
}

/** A picture of noise. @returns uint8 [size, size, 3] */
export function noisePicture(size: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: size * size * 3 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    return state & 255;
  });
}
