import { Worker } from 'node:worker_threads';
import { siblingModule } from '../siblingModule.ts';
import type { Reply, WorkerStart } from './messages.ts';
import type { WorkerListener, WorkerPort } from './workerPort.ts';

/**
 * Starts a worker in a thread. A thread shares the fate of its process: what kills the library kills
 * both, and a thread that is ended within a run most often takes the program down (`Napi::Error`, abort;
 * onnxruntime-node 1.30.0).
 */
export function startThread(start: WorkerStart): WorkerPort {
  const worker = new Worker(siblingModule(import.meta.url, './detectorWorker'), {
    workerData: start,
  });
  let listener: WorkerListener | undefined;
  worker.on('message', (said: Reply) => listener?.reply(said));
  worker.on('error', (cause) => listener?.lost(`failed: ${cause.message}`, cause));
  const ended = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      listener?.lost(`ended with code ${code}`);
      resolve();
    });
  });
  return {
    listen: (one) => (listener = one),
    post: (request) => worker.postMessage(request),
    kill: () => void worker.terminate(),
    ended,
  };
}
