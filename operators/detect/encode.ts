import { Observable } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import type { Detector, Features, Frame, FrameInfo } from '../../models/core/types.ts';
import { inferEvery } from '../flow/inferEvery.ts';

/** A frame that the encoder has looked at: its pixels are gone, its features are held. */
export interface EncodedFrame extends Disposable {
  readonly info: FrameInfo;
  readonly features: Features;
  /** Between the frame's arrival and the start of its encoder run, milliseconds. */
  readonly queueMs: number;
  /** Gives the features back. Idempotent. */
  close(): void;
}

/**
 * Runs the encoder on each frame: frames become features.
 * The first third of `detect`, for those who want to stand between the encoder and the decoder.
 *
 * ```text
 *  source   -f---f---|
 *  encode   --e---e--|     each f closed as soon as its e is made
 * ```
 *
 * One at a time, in order, nothing dropped (`inferEvery`). A run that was started is finished even
 * when the consumer leaves; its features are then closed.
 * @param detector borrowed
 * @returns encoded frames; **errors:** ERR_MODEL_RUN, ERR_WORKER_EXIT, ERR_BUFFER_FULL
 * **Owns:** takes each frame and closes it; the subscriber gets the encoded frame and closes it;
 * `decode` does.
 */
export function encode(detector: Detector): OperatorFunction<Frame, EncodedFrame> {
  const run = (frame: Frame): Observable<EncodedFrame> =>
    new Observable((subscriber) => {
      encodeFrame(detector, frame).then(
        (encoded) => {
          if (subscriber.closed) {
            encoded.close();
          }
          subscriber.next(encoded);
          subscriber.complete();
        },
        (error: unknown) => subscriber.error(error),
      );
    });
  return inferEvery(run, { onDropped: (frame) => frame.close() });
}

/**
 * Runs the encoder on one frame.
 * @param onFrame shown the frame before, while its pixels are there
 * **Owns:** takes the frame and closes it; returns ownership of the encoded frame.
 */
export async function encodeFrame(
  detector: Detector,
  frame: Frame,
  onFrame?: (frame: Frame) => void,
): Promise<EncodedFrame> {
  try {
    onFrame?.(frame);
    const queueMs = performance.now() - frame.arrivedAtMs;
    const features = await detector.encode(frame.image);
    const close = (): void => features.close();
    return { info: infoOf(frame), features, queueMs, close, [Symbol.dispose]: close };
  } finally {
    frame.close();
  }
}

function infoOf(frame: Frame): FrameInfo {
  const { source, index, pts, capturedAt, width, height, letterbox, arrivedAtMs, decodeMs } = frame;
  const info = { source, index, pts, capturedAt, width, height, letterbox, arrivedAtMs, decodeMs };
  return frame.file === undefined ? info : { ...info, file: frame.file };
}
