/** The server that clients attack: three sources that are made up, with 50 objects a frame, ten frames a second. */
import { Subject } from 'rxjs';
import { createDetectionServer } from '../../server/index.ts';
import type { ServerOptions, SourceEvent } from '../../server/index.ts';
import { detectionOf, frameOf } from '../support/sockets/sockets.ts';

const SOURCES = ['front_door', 'yard', 'gate'];
const NUM_OBJECTS = 50;
const INTERVAL_MS = 100;

const options = JSON.parse(process.argv[2] ?? '{}') as ServerOptions;
const server = await createDetectionServer({ port: 0, ...options });
const feeds = SOURCES.map((name) => {
  const events$ = new Subject<SourceEvent>();
  server.attach({ name, events$ });
  return events$;
});
const detections = Array.from({ length: NUM_OBJECTS }, (_, i) =>
  detectionOf({ score: 0.5 + i / 250, trackId: i }),
);
let frame = 0;
setInterval(() => {
  feeds.forEach((feed) => feed.next(frameOf(frame, { detections, capturedAt: Date.now() })));
  frame += 1;
}, INTERVAL_MS);
process.on('SIGTERM', () => process.exit(0));
process.stdout.write(`listening at ${server.url}\n`);
