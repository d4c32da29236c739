/** The worker thread of `openDetector`: owns the sessions and answers requests in order. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ThreadStart } from './threadPort.ts';
import { stopAtExit } from './threadExit.ts';

const { options, exit } = workerData as ThreadStart;
stopAtExit(exit);
const { serveDetector } = await import('./serveDetector.ts'); // which loads onnxruntime: not before
await serveDetector(
  {
    send: (reply) => parentPort?.postMessage(reply),
    listen: (hear) => parentPort?.on('message', hear),
    end: () => parentPort?.close(),
  },
  options,
);
