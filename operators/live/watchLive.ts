import { NEVER } from 'rxjs';
import type { Observable } from 'rxjs';
import type { Frame } from '../../models/types.ts';
import type { LiveDropCause, LiveState } from '../fromLive.ts';
import type { PictureRequest } from '../video/filterGraph.ts';
import type { BackOff } from './backOff.ts';
import type { LiveAddress } from './liveSource.ts';

/** `FromLiveConfig` with nothing left open. */
export interface LiveSettings {
  /** The source as messages name it, its secrets masked. */
  readonly name: string;
  /** The source as frames name it. */
  readonly source: string;
  readonly request: PictureRequest;
  readonly maxFrames: number;
  readonly maxOpenFrames: number;
  readonly stallSeconds: number;
  readonly openSeconds: number;
  readonly retryDelay: Required<BackOff>;
  readonly onState: (state: LiveState, reason: string) => void;
  readonly onDropped: (cause: LiveDropCause) => void;
}

/** Connects, watches, and connects again: see `fromLive`. */
export function watchLive(_address: LiveAddress, _settings: LiveSettings): Observable<Frame> {
  return NEVER;
}
