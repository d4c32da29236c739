import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { PipelineError, invariant, toError } from '../errors.ts';
import { resolveDetectorOptions } from '../detectorOptions.ts';
import type { DetectorOptions } from '../detectorOptions.ts';
import { expectImage } from '../pix2seq/image.ts';
import { resolveDecodeOptions } from '../pix2seq/decodeOptions.ts';
import { siblingModule } from '../siblingModule.ts';
import type {
  DecodeHooks,
  DecodeOptions,
  Detector,
  Features,
  ModelInfo,
  ObjectTokens,
  TokenSequence,
} from '../types.ts';
import { expectKnownKeys, expectThat } from '../validate.ts';
import { fromPlain } from './messages.ts';
import type { Reply, Request, Result, WorkerStart } from './messages.ts';

/** A call that waits for its answer. */
interface Waiting {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  readonly onObject?: ((object: ObjectTokens) => void) | undefined;
}

/** What features need of the detector that made them; also tells whose they are. */
interface Owner {
  read(features: number): Promise<Result>;
  release(features: number): void;
}

/**
 * Opens a model in a worker thread, so that computing never blocks the caller's event loop.
 * The worker keeps the process alive until `close()`.
 * @returns the detector, warmed up
 * @throws TypeError, RangeError for wrong options; PipelineError ERR_MODEL_LOAD, ERR_MODEL_CONTRACT
 * Owns: the caller, who calls `close()`.
 */
export async function openDetector(options: DetectorOptions = {}): Promise<Detector> {
  expectKnownKeys('openDetector', options, ['model', 'device', 'threads', 'batch']);
  const start: WorkerStart = { options: resolveDetectorOptions(options) };
  const worker = new Worker(siblingModule(import.meta.url, './detectorWorker'), {
    workerData: start,
  });
  const exited = once(worker, 'exit').then(([code]) => {
    throw new PipelineError('ERR_WORKER_EXIT', `The inference worker ended with code ${code}`);
  });
  const [first] = (await Promise.race([once(worker, 'message'), exited])) as [Reply];
  if (first.say === 'ready') {
    return new WorkerDetector(worker, first.model, first.device);
  }
  await worker.terminate();
  invariant(first.say === 'unable', 'a worker first says whether it is ready');
  throw fromPlain(first.error);
}

class WorkerDetector implements Detector {
  readonly model: ModelInfo;
  readonly device: Detector['device'];
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #numCalls = 0;
  /** Why no further call can be answered. */
  #gone: PipelineError | undefined;
  #closing: Promise<void> | undefined;
  readonly #owner: Owner = {
    read: (features) => this.#ask({ op: 'read', call: this.#nextCall(), features }),
    release: (features) => this.#post({ op: 'release', features }),
  };

  constructor(worker: Worker, model: ModelInfo, device: Detector['device']) {
    this.#worker = worker;
    this.model = model;
    this.device = device;
    worker.on('message', (reply: Reply) => this.#hear(reply));
    worker.on('error', (cause) => this.#lose(`failed: ${cause.message}`, cause));
    worker.on('exit', (code) => this.#lose(`ended with code ${code}`));
  }

  async encode(image: Uint8Array): Promise<Features> {
    expectImage(image, this.model.image.size);
    const call = this.#nextCall();
    const result = await this.#ask({ op: 'encode', call, image });
    const { encodeMs } = result as { encodeMs: number };
    return new WorkerFeatures(this.#owner, call, encodeMs);
  }

  async decode(
    features: Features,
    options?: DecodeOptions,
    { onObject, signal }: DecodeHooks = {},
  ): Promise<TokenSequence> {
    resolveDecodeOptions(options, this.model); // here, so that a mistake shows in the caller's stack
    const isOwn = features instanceof WorkerFeatures && features.owner === this.#owner;
    expectThat(isOwn, 'features come from the detector that decodes');
    const call = this.#nextCall();
    const abort = (): void => this.#post({ op: 'abort', call });
    signal?.addEventListener('abort', abort);
    try {
      const wantsObjects = onObject !== undefined;
      const asked = this.#ask(
        { op: 'decode', call, features: features.id, options, wantsObjects },
        onObject,
      );
      if (signal?.aborted === true) {
        abort();
      }
      return (await asked) as TokenSequence;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #shutDown(): Promise<void> {
    if (this.#gone === undefined) {
      const exited = once(this.#worker, 'exit');
      await Promise.all([this.#ask({ op: 'close', call: this.#nextCall() }), exited]);
    }
  }

  #nextCall(): number {
    this.#numCalls += 1;
    return this.#numCalls;
  }

  #ask(
    request: Exclude<Request, { op: 'abort' | 'release' }>,
    onObject?: (object: ObjectTokens) => void,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone);
        return;
      }
      this.#waiting.set(request.call, { resolve, reject, onObject });
      this.#post(request);
    });
  }

  #post(request: Request): void {
    this.#worker.postMessage(request);
  }

  #hear(reply: Reply): void {
    invariant(reply.say !== 'ready' && reply.say !== 'unable', 'a worker starts once');
    const waiting = this.#waiting.get(reply.call);
    invariant(waiting !== undefined, 'a reply answers a call');
    if (reply.say === 'object') {
      this.#handOver(reply.call, waiting, reply.object);
      return;
    }
    this.#waiting.delete(reply.call);
    if (reply.say === 'done') {
      waiting.resolve(reply.result);
    } else {
      waiting.reject(fromPlain(reply.error));
    }
  }

  /** What the callback throws is its caller's to hear, and ends the reading as it does in this thread. */
  #handOver(call: number, waiting: Waiting, object: ObjectTokens): void {
    try {
      waiting.onObject?.(object);
    } catch (thrown) {
      this.#waiting.set(call, { resolve: () => {}, reject: () => {} }); // the answer is still to come
      this.#post({ op: 'abort', call });
      waiting.reject(toError(thrown));
    }
  }

  #lose(how: string, cause?: unknown): void {
    this.#gone ??= new PipelineError('ERR_WORKER_EXIT', `The inference worker ${how}`, { cause });
    for (const { reject } of this.#waiting.values()) {
      reject(this.#gone);
    }
    this.#waiting.clear();
  }
}

class WorkerFeatures implements Features {
  readonly owner: Owner;
  readonly id: number;
  readonly encodeMs: number;
  #closed = false;

  constructor(owner: Owner, id: number, encodeMs: number) {
    this.owner = owner;
    this.id = id;
    this.encodeMs = encodeMs;
  }

  async read(): ReturnType<Features['read']> {
    const result = await this.owner.read(this.id);
    return result as Awaited<ReturnType<Features['read']>>;
  }

  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.owner.release(this.id);
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
