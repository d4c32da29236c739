import type { Observable } from 'rxjs';
import type { Demand } from '../models/index.ts';
import type { FrameCounts, SourceInfo, SourceState, SourceStatus } from './messages.ts';
import type { RateMeter } from './rateMeter.ts';
import type { Picture } from './sourceFeed.ts';
import type { FrameSize } from './zones.ts';

/** One attached source. */
export interface Source {
  readonly name: string;
  readonly rate: RateMeter;
  readonly pictures$: Observable<Uint8Array> | undefined;
  readonly counts: (() => FrameCounts) | undefined;
  state: SourceState;
  reason: string;
  size: FrameSize | undefined;
  /** Whether it tells of frames before they are read. */
  tellsArrivals: boolean;
  /** Whether somebody looks at its pictures. */
  isWatched: boolean;
  /** What is wanted of it; undefined where that has changed since it was last asked. */
  demand: readonly Demand[] | undefined;
}

/** Describes a source. @param nowMs monotonic time */
export function describe({ name, state, size, rate, counts }: Source, nowMs: number): SourceInfo {
  const perSecond = rate.perSecond(nowMs);
  return {
    name,
    state,
    ...size,
    ...(perSecond === undefined ? {} : { rate: perSecond }),
    ...(counts === undefined ? {} : { counts: counts() }),
  };
}

/** The state of a source. */
export function statusOf({ name, state, reason }: Source): SourceStatus {
  return { type: 'status', source: name, state, reason };
}

/** Notes whether somebody looks at a source's pictures. */
export function setWatched(source: Source, isWatched: boolean): void {
  source.isWatched = isWatched;
  source.demand = undefined;
}

/** A picture as a message: 4 bytes of frame number, big-endian, then the JPEG. */
export function encodePicture({ frame, jpeg }: Picture): Uint8Array {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(frame % 2 ** 32);
  return Buffer.concat([header, jpeg]);
}
