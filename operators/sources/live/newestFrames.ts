import { Observable } from 'rxjs';
import type { OperatorFunction } from 'rxjs';
import { toError } from '../../../models/core/errors.ts';
import type { Frame } from '../../../models/core/types.ts';
import type { FrameFacts, FrameMaker } from '../../media/frames/frameMaker.ts';
import type { LivePicture } from './liveRun.ts';
import type { LiveDropCause } from './liveSettings.ts';

/** A picture with its place in the source. */
export type PlacedPicture = Pick<LivePicture, 'slot' | 'isFile'> & {
  readonly facts: FrameFacts;
};

/** Options of `newestFrames`. */
export interface NewestFramesConfig {
  readonly maker: FrameMaker;
  /** Frames that may be open at a time. */
  readonly maxOpenFrames: number;
  readonly onDropped: (cause: LiveDropCause) => void;
}

/** Slots that are needed beside those of the open frames: one to be written, one that waits. */
export const SPARE_SLOTS = 2;

/**
 * Makes frames of pictures; while too many are open, only the newest picture waits.
 * A slow consumer sees fewer frames, never old ones.
 *
 * ```text
 *  source          a-b-c-d-----e|     one frame may be open
 *  closed          -----a-----d--
 *  newestFrames()  a----c-----d--e|   b dropped; of a recording nothing is
 * ```
 *
 * Completes when the source has and nothing waits any more. On an error and on unsubscription the
 * waiting pictures are dropped.
 * **Owns:** takes each slot; the subscriber gets each frame and closes it, which gives the slot back.
 */
export function newestFrames(config: NewestFramesConfig): OperatorFunction<PlacedPicture, Frame> {
  const { maker, maxOpenFrames, onDropped } = config;
  return (source) =>
    new Observable<Frame>((subscriber) => {
      // Slots of the frames that are open.
      const open = new Set<number>();
      // Pictures that wait for a frame to be closed, oldest first; of a live source one at most.
      const waiting: PlacedPicture[] = [];
      let isOver = false;

      const drop = (pictures: readonly PlacedPicture[], cause: LiveDropCause): void => {
        for (const { slot } of pictures) {
          maker.pool.release(slot);
          onDropped(cause);
        }
      };
      const give = (): void => {
        while (open.size < maxOpenFrames && !subscriber.closed) {
          const picture = waiting.shift();
          if (picture === undefined) {
            break;
          }
          open.add(picture.slot);
          subscriber.next(maker.make(picture.slot, picture.facts));
        }
        if (isOver && waiting.length === 0) {
          subscriber.complete();
        }
      };
      maker.pool.onReleased = (slot) => {
        if (open.delete(slot)) {
          give();
        }
      };

      const inner = source.subscribe({
        next(picture) {
          try {
            const older = picture.isFile ? [] : waiting.splice(0);
            waiting.push(picture);
            drop(older, 'slow');
            give();
          } catch (thrown) {
            subscriber.error(toError(thrown)); // of `onDropped`
          }
        },
        error: (error) => subscriber.error(error),
        complete() {
          isOver = true;
          give();
        },
      });
      // In this order: a slot that is given back may make a decoder go on that still runs.
      subscriber.add(inner);
      subscriber.add(() => drop(waiting.splice(0), 'stopped'));
    });
}
