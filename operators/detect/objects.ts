import { map } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import type { Detection, Detector, FrameDetections, ModelInfo } from '../../models/core/types.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { suggest } from '../../models/core/validate.ts';
import type { ReadFrame } from './decode.ts';
import { OBJECTS_OPTIONS } from './detectOptions.ts';
import type { ObjectsConfig } from './detectOptions.ts';
import { toFrameDetections } from './frameDetections.ts';

/** Decides whether a detection is wanted. */
export type Wanted = (detection: Pick<Detection, 'label' | 'score'>) => boolean;

/**
 * Turns each frame's tokens into detections in source pixels.
 * The last third of `detect`: boxes, labels and scores instead of integers.
 *
 * ```text
 *  source    -r-r-r-|
 *  objects   -d-d-d-|
 * ```
 *
 * Synchronous; one result a frame, in order, also where nothing was found.
 * @param detector whose vocabulary the tokens are of; borrowed   @param config see `ObjectsConfig`
 * @returns frame results
 * @throws TypeError, RangeError for wrong options, an unknown class among them
 * **Owns:** nothing.
 */
export function objects(
  detector: Pick<Detector, 'model'>,
  config: ObjectsConfig = {},
): OperatorFunction<ReadFrame, FrameDetections> {
  const wanted = wantedBy(resolveOptions('objects', OBJECTS_OPTIONS, config), detector.model);
  return map((read) => toFrameDetections(read, detector.model, wanted));
}

/**
 * Makes the test that a configuration asks for.
 * @param config checked
 * @throws TypeError for an unknown class, with the nearest known one
 */
export function wantedBy(
  { minScore, classes }: Required<ObjectsConfig>,
  { labels }: ModelInfo,
): Wanted {
  const names = labels.map(({ name }) => name);
  const unknown = classes?.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`The model has no class \`${unknown}\`${suggest(unknown, names)}`);
  }
  return ({ label, score }) => score >= minScore && (classes?.includes(label) ?? true);
}
