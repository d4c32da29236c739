/** The worker process of `openSupervisedDetector`: owns the sessions and answers requests in order. */
import type { WorkerStart } from './messages.ts';
import { serveDetector } from './serveDetector.ts';

// A terminal and a service manager signal all processes of a group; when this one ends is its owner's
// to say, who may still want answers while it shuts down.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
// The owner's end of the line closes when it lets go, and when it is killed.
process.on('disconnect', () => process.exit());

const { options } = JSON.parse(process.argv[2] ?? '{}') as WorkerStart;
await serveDetector(
  {
    // an owner who is gone is told nothing
    send: (reply) => void process.send?.(reply, undefined, {}, () => {}),
    listen: (hear) => process.on('message', hear),
    end: () => process.disconnect(),
  },
  options,
);
