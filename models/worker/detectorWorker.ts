/** The worker thread of `openDetector`: owns the sessions and answers requests in order. */
import { parentPort, workerData } from 'node:worker_threads';
import type { WorkerStart } from './messages.ts';
import { serveDetector } from './serveDetector.ts';

const { options } = workerData as WorkerStart;
await serveDetector(
  {
    say: (reply) => parentPort?.postMessage(reply),
    listen: (hear) => parentPort?.on('message', hear),
    end: () => parentPort?.close(),
  },
  options,
);
