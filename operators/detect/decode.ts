import type { OperatorFunction } from 'rxjs';
import { Observable } from 'rxjs';
import { resolveDecodeOptions } from '../../models/index.ts';
import type {
  DecodeHooks,
  DecodeOptions,
  Detector,
  FrameInfo,
  ObjectTokens,
  TokenSequence,
} from '../../models/core/types.ts';
import type { EncodedFrame } from './encode.ts';
import { inferEvery } from '../flow/inferEvery.ts';

/** A frame whose objects are read out as tokens. */
export interface ReadFrame {
  readonly info: FrameInfo;
  readonly sequence: TokenSequence;
  /** Which object of the source each one is, by its number; where drafts are kept. */
  readonly slots?: Int32Array;
  readonly queueMs: number;
  readonly encodeMs: number;
  /** From the frame's arrival to its first object, milliseconds; absent where there is none. */
  readonly firstObjectMs?: number;
}

/**
 * Reads each encoded frame out: features become tokens.
 * The second third of `detect`, for those who want the tokens themselves.
 *
 * ```text
 *  source   -e---e---|
 *  decode   ---r---r-|     each e closed when its r is there
 * ```
 *
 * One at a time, in order, nothing dropped (`inferEvery`). When the consumer leaves, the reading
 * under way ends between two decoder calls.
 * @param detector the one that encoded; borrowed   @param options see `DecodeOptions`
 * @returns read frames; **errors:** ERR_MODEL_RUN, ERR_WORKER_EXIT, ERR_BUFFER_FULL
 * @throws TypeError, RangeError for wrong options
 * **Owns:** takes each encoded frame and closes it.
 */
export function decode(
  detector: Detector,
  options?: DecodeOptions,
): OperatorFunction<EncodedFrame, ReadFrame> {
  resolveDecodeOptions(options, detector.model); // here, so that a mistake shows at the call
  return inferEvery(
    (encoded) => abortable((signal) => decodeFrame(detector, encoded, options, { signal })),
    { onDropped: (encoded) => encoded.close() },
  );
}

/**
 * Reads one encoded frame out.
 * @param hooks told of each object as it is found; may end the reading
 * **Owns:** takes the encoded frame and closes it.
 */
export async function decodeFrame(
  detector: Detector,
  encoded: EncodedFrame,
  options?: DecodeOptions,
  hooks?: DecodeHooks,
): Promise<ReadFrame> {
  using held = encoded;
  return await readFrame(detector, held, options, hooks);
}

/** The same for who wants more of the encoded frame. **Owns:** borrows it until the promise settles. */
export async function readFrame(
  detector: Detector,
  { info, features, queueMs }: EncodedFrame,
  options?: DecodeOptions,
  hooks: DecodeHooks = {},
): Promise<ReadFrame> {
  let firstObjectMs: number | undefined;
  const onObject = (object: ObjectTokens): void => {
    firstObjectMs ??= performance.now() - info.arrivedAtMs;
    hooks.onObject?.(object);
  };
  const sequence = await detector.decode(features, options, { ...hooks, onObject });
  const read = { info, sequence, queueMs, encodeMs: features.encodeMs };
  return firstObjectMs === undefined ? read : { ...read, firstObjectMs };
}

/** Work that is told when nobody waits for it any more. */
export function abortable<R>(work: (signal: AbortSignal) => Promise<R>): Observable<R> {
  return new Observable((subscriber) => {
    const abort = new AbortController();
    work(abort.signal).then(
      (result) => {
        subscriber.next(result);
        subscriber.complete();
      },
      (error: unknown) => subscriber.error(error),
    );
    return () => abort.abort();
  });
}
