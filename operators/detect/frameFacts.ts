import type { FrameDetections, FrameInfo } from '../../models/core/types.ts';

/** What a result says of the frame itself. */
export type FrameFacts = Pick<
  FrameDetections,
  'type' | 'source' | 'frame' | 'pts' | 'capturedAt' | 'width' | 'height' | 'file'
>;

/** Says which frame a result is of, in the words of the protocol. */
export function frameFacts(info: FrameInfo): FrameFacts {
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
