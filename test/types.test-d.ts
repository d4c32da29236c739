/** Compiled by `npm run check`, never run: what the public types promise, and what they refuse. */
import type { Observable } from 'rxjs';
import { filter } from 'rxjs';
import { createPipeline, decode, detect, encode, fromVideo, objects } from '../pipeline/index.ts';
import type { Detector, Frame, FrameDetections } from '../pipeline/index.ts';
import type { DetectionClient, FrameMessage, Gap } from '../server/client/index.ts';

declare const detector: Detector;
declare const client: DetectionClient;

fromVideo('street.mp4') satisfies Observable<Frame>;
fromVideo('street.mp4').pipe(
  detect(detector, { minScore: 0.5, classes: ['person'], policy: 'latest' }),
  filter(({ detections }) => detections.length > 0),
) satisfies Observable<FrameDetections>;
fromVideo('street.mp4').pipe(
  encode(detector),
  decode(detector, { maxObjects: 5 }),
  objects(detector),
) satisfies Observable<FrameDetections>;
createPipeline({ sources: [] }) satisfies Promise<AsyncDisposable>;
client.frames({
  classes: ['person'],
  policy: 'all',
  window: 64,
}) satisfies Observable<FrameMessage>;
client.handle({}, async (message) => message) satisfies Observable<FrameMessage | Gap>;

// @ts-expect-error the policy of `handle` is `all`
client.handle({ policy: 'latest' }, async () => 0);
// @ts-expect-error unknown field of a query
client.frames({ clases: ['person'] });
// @ts-expect-error unknown option
fromVideo('street.mp4', { strid: 2 });
// @ts-expect-error unknown policy
detect(detector, { policy: 'newest' });
// @ts-expect-error tokens cannot be read from frames
fromVideo('street.mp4').pipe(decode(detector));
// @ts-expect-error results are read-only
(result: FrameDetections) => (result.frame = 1);
