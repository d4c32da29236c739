import { invariant, modelDefaults, toDetections } from '../../../models/index.ts';
import type { AttentionMap, Detection, Detector, Frame } from '../../../models/core/types.ts';
import { DECODE_OPTIONS } from '../../../models/core/decodeOptions.ts';
import { pickOptions, resolveOptions } from '../../../models/core/resolveOptions.ts';
import { READING_OPTIONS } from '../detectOptions.ts';
import type { ReadAttentionConfig } from '../detectOptions.ts';
import { wantedBy } from '../objects.ts';

/** One object, and where the decoder looked for its tokens. */
export interface AttendedObject {
  readonly detection: Detection;
  /** Over the model's padded square; `ymin xmin ymax xmax class`. */
  readonly maps: readonly AttentionMap[]; // [5]
}

/**
 * Reads one frame without a draft, and tells where the decoder looked for each token of each object.
 * @param detector of a model with `attention.onnx`; borrowed
 * @param frame its picture and facts, borrowed until the promise settles
 * @returns the objects that are kept, in the order they were read
 * @throws PipelineError ERR_MODEL_LOAD where the model cannot tell its attention, ERR_MODEL_RUN,
 * ERR_WORKER_EXIT; TypeError, RangeError for wrong options
 */
export async function readAttention(
  detector: Detector,
  frame: Pick<Frame, 'image' | 'width' | 'height' | 'letterbox'>,
  config: ReadAttentionConfig = {},
): Promise<AttendedObject[]> {
  const ofModel = modelDefaults(detector.model);
  const resolved = resolveOptions('readAttention', READING_OPTIONS, config, ofModel);
  const options = pickOptions(DECODE_OPTIONS, resolved);
  const wanted = wantedBy(resolved, detector.model);
  using features = await detector.encode(frame.image);
  const sequence = await detector.decode(features, { ...options, attention: true });
  return toDetections(sequence, frame, detector.model, 0)
    .map((detection, i) => {
      const maps = sequence.attention?.slice(5 * i, 5 * i + 5) ?? [];
      invariant(maps.length === 5, 'each token has its map, where attention was asked for');
      return { detection, maps };
    })
    .filter(({ detection }) => wanted(detection));
}
