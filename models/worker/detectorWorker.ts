/** The worker thread of `openDetector`: owns the sessions and answers requests in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { toError } from '../errors.ts';
import { expectThat } from '../validate.ts';
import { openHere } from '../localDetector.ts';
import type { Detector, Features } from '../types.ts';
import { toPlain } from './messages.ts';
import type { Reply, Request, Result, WorkerStart } from './messages.ts';

const features = new Map<number, Features>();
const aborts = new Map<number, AbortController>();

function say(reply: Reply): void {
  parentPort?.postMessage(reply);
}

function featuresOf(id: number): Features {
  const found = features.get(id);
  expectThat(found !== undefined, 'features are used before they are closed');
  return found;
}

async function answer(
  detector: Detector,
  request: Exclude<Request, { op: 'abort' | 'release' }>,
): Promise<Result> {
  switch (request.op) {
    case 'encode': {
      const made = await detector.encode(request.image);
      features.set(request.call, made);
      return { encodeMs: made.encodeMs };
    }
    case 'decode': {
      const { call, options, wantsObjects } = request;
      const abort = new AbortController();
      aborts.set(call, abort);
      const onObject = wantsObjects
        ? { onObject: (object: Parameters<typeof reportObject>[1]) => reportObject(call, object) }
        : {};
      return detector.decode(featuresOf(request.features), options, {
        signal: abort.signal,
        ...onObject,
      });
    }
    case 'read':
      return featuresOf(request.features).read();
    case 'close':
      await detector.close();
      return undefined;
  }
}

function reportObject(call: number, object: Extract<Reply, { say: 'object' }>['object']): void {
  say({ say: 'object', call, object });
}

async function serve(detector: Detector, request: Request): Promise<void> {
  if (request.op === 'abort') {
    aborts.get(request.call)?.abort();
  } else if (request.op === 'release') {
    features.get(request.features)?.close();
    features.delete(request.features);
  } else {
    try {
      say({ say: 'done', call: request.call, result: await answer(detector, request) });
    } catch (thrown) {
      say({ say: 'failed', call: request.call, error: toPlain(toError(thrown)) });
    } finally {
      aborts.delete(request.call);
    }
    if (request.op === 'close') {
      parentPort?.close();
    }
  }
}

const { options } = workerData as WorkerStart;
try {
  const detector = await openHere(options);
  parentPort?.on('message', (request: Request) => void serve(detector, request));
  say({ say: 'ready', model: detector.model, device: detector.device });
} catch (thrown) {
  say({ say: 'unable', error: toPlain(toError(thrown)) });
}
