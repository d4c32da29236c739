import { setImmediate } from 'node:timers/promises';
import { Observable } from 'rxjs';
import type { Frame } from '../../models/index.ts';
import type { FrameSource } from './pipelineSource.ts';

/**
 * Takes frames from the caller's own code.
 * An iterable is asked for the next frame as soon as the last one is taken on; when nobody wants more
 * it is told so (`return`), and a frame that still comes is closed.
 * **Owns:** the subscriber gets each frame and closes it.
 */
export function takeFrames(given: FrameSource): Observable<Frame> {
  if (!(Symbol.asyncIterator in given)) {
    return given;
  }
  return new Observable((subscriber) => {
    const frames = given[Symbol.asyncIterator]();
    const read = async (): Promise<void> => {
      for (;;) {
        const next = await frames.next();
        if (next.done === true) {
          return;
        }
        if (subscriber.closed) {
          next.value.close();
          return;
        }
        subscriber.next(next.value);
        await setImmediate(); // an iterable that never waits must not keep the others from running
      }
    };
    read().then(
      () => subscriber.complete(),
      (error: unknown) => subscriber.error(error),
    );
    return () => {
      // what the iterable makes of it concerns nobody any more
      void Promise.resolve(frames.return?.()).catch(() => undefined);
    };
  });
}
