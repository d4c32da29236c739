import { Worker } from 'node:worker_threads';
import { siblingModule } from '../../core/siblingModule.ts';
import type { Reply, WorkerStart } from './messages.ts';
import { guardExit } from './threadExit.ts';
import type { ExitEnd } from './threadExit.ts';
import type { WorkerListener, WorkerPort } from './workerPort.ts';

/** Given to a worker thread when it starts. */
export interface ThreadStart extends WorkerStart {
  readonly exit: ExitEnd;
}

/**
 * Starts a worker in a thread. A thread shares the fate of its process: what kills the library kills
 * both. However the process ends from within, it waits until the thread is between two calls of the library.
 */
export function startThread(start: WorkerStart): WorkerPort {
  const guard = guardExit();
  const worker = new Worker(siblingModule(import.meta.url, './detectorWorker'), {
    workerData: { ...start, exit: guard.end } satisfies ThreadStart,
    transferList: [guard.end.port],
  });
  let listener: WorkerListener | undefined;
  worker.on('message', (said: Reply) => listener?.reply(said));
  worker.on('error', (cause) => listener?.lost(`failed: ${cause.message}`, cause));
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      guard.release();
      listener?.lost(`ended with code ${code}`);
      resolve();
    });
  });
  return {
    listen: (one) => (listener = one),
    post: (request) => worker.postMessage(request),
    keepAlive: (isWanted) => (isWanted ? worker.ref() : worker.unref()),
    kill() {
      guard.release();
      void worker.terminate();
    },
    ended,
  };
}
