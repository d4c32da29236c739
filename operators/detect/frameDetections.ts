import { toDetections } from '../../models/index.ts';
import type { Frame, FrameDetections, FrameInfo, ModelInfo } from '../../models/core/types.ts';
import type { ReadFrame } from './decode.ts';
import type { Wanted } from './objects.ts';

/** Turns one read frame into its result. */
export function toFrameDetections(
  { info, sequence, slots, queueMs, encodeMs, firstObjectMs }: ReadFrame,
  model: ModelInfo,
  wanted: Wanted,
): FrameDetections {
  const found = toDetections(sequence, info, model, 0).map((detection, i) => {
    const slot = slots?.[i];
    return slot === undefined ? detection : { ...detection, slot };
  });
  return {
    ...factsOf(info),
    final: sequence.final,
    stop: sequence.stop,
    detections: found.filter(wanted),
    tokens: sequence.counts,
    timing: {
      decodeMs: info.decodeMs,
      queueMs,
      encodeMs,
      ...(firstObjectMs === undefined ? {} : { firstObjectMs }),
      tokensMs: sequence.tokensMs,
    },
  };
}

/** A result said again of a later frame of the same scene: all that it found, and no work of its own. */
export function repeatedFor(frame: Frame, result: FrameDetections): FrameDetections {
  const { file: _file, skipped: _skipped, ...found } = result; // these are of the earlier frame
  const { decodeMs, arrivedAtMs } = frame;
  return {
    ...found,
    ...factsOf(frame),
    still: true,
    tokens: { drafted: 0, accepted: 0, decoded: 0, passes: 0 },
    timing: { decodeMs, queueMs: performance.now() - arrivedAtMs, encodeMs: 0, tokensMs: 0 },
  };
}

/** What a result says of the frame itself, in the words of the protocol. */
function factsOf(
  info: FrameInfo,
): Pick<
  FrameDetections,
  'type' | 'source' | 'frame' | 'pts' | 'capturedAt' | 'width' | 'height' | 'file'
> {
  const { source, index, pts, capturedAt, width, height, file } = info;
  return {
    type: 'frame',
    source,
    frame: index,
    pts,
    capturedAt,
    width,
    height,
    ...(file === undefined ? {} : { file }),
  };
}
