import type { SourceState } from '../../../models/core/sourceState.ts';
import type { PictureRequest } from '../../media/frames/filterGraph.ts';
import type { BackOff } from './backOff.ts';

/** How a live source is doing. */
export type LiveState = SourceState;

/**
 * Why a picture was never given out: `slow`, all frames that may be open were when a newer one came;
 * `stopped`, it still waited when the source was unsubscribed.
 */
export type LiveDropCause = 'slow' | 'stopped';

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
  readonly followLinks: boolean;
  readonly onOpen: (facts: { readonly isFile: boolean }) => void;
  readonly onState: (state: LiveState, reason: string) => void;
  readonly onDropped: (cause: LiveDropCause) => void;
}
