import { tap } from 'rxjs';
import type { MonoTypeOperatorFunction, Observable } from 'rxjs';
import type { Demand } from '../../models/index.ts';
import type {
  FrameCounts,
  SourceAttention,
  SourceInfo,
  SourceState,
  SourceStatus,
} from '../protocol/messages.ts';
import type { RateMeter } from './rateMeter.ts';
import type { Picture } from './sourceFeed.ts';
import type { FrameSize } from '../filters/zones.ts';

/** One attached source. */
export interface Source {
  readonly name: string;
  readonly rate: RateMeter;
  readonly pictures$: Observable<Uint8Array> | undefined;
  readonly attention$: Observable<SourceAttention> | undefined;
  readonly counts: (() => FrameCounts) | undefined;
  state: SourceState;
  reason: string;
  size: FrameSize | undefined;
  /** Whether it tells of frames before they are read. */
  tellsArrivals: boolean;
  /** How many look closely: at its pictures, all who do being one, or at its attention. */
  numWatching: number;
  /** What is wanted of it; undefined where that has changed since it was last asked. */
  demand: readonly Demand[] | undefined;
}

/** Describes a source. @param nowMs monotonic time */
export function describe(
  { name, state, reason, size, rate, counts }: Source,
  nowMs: number,
): SourceInfo {
  const perSecond = rate.perSecond(nowMs);
  return {
    name,
    state,
    ...(reason === '' ? {} : { reason }),
    ...size,
    ...(perSecond === undefined ? {} : { rate: perSecond }),
    ...(counts === undefined ? {} : { counts: counts() }),
  };
}

/** The state of a source. */
export function statusOf({ name, state, reason }: Source): SourceStatus {
  return { type: 'status', source: name, state, reason };
}

/** Lets a stream of a source count as looking closely while it is subscribed to. */
export function watching<T>(source: () => Source): MonoTypeOperatorFunction<T> {
  const change = (by: number): void => {
    source().numWatching += by;
    source().demand = undefined;
  };
  return tap({ subscribe: () => change(1), finalize: () => change(-1) });
}

/** A picture as a message: 4 bytes of frame number, big-endian, then the JPEG. */
export function encodePicture({ frame, jpeg }: Picture): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(frame % 2 ** 32);
  return Buffer.concat([header, jpeg]);
}
