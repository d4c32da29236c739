import { PipelineError, invariant, toError } from '../../core/errors.ts';
import { expectImage } from '../../engine/encode/image.ts';
import { resolveDecodeOptions } from '../../engine/decode/decodeOptions.ts';
import { resolveQuestions } from '../../engine/respond/respondOptions.ts';
import type {
  DecodeHooks,
  DecodeOptions,
  Detector,
  Features,
  ModelInfo,
  ObjectTokens,
  Prompt,
  RespondHooks,
  RespondOptions,
  TokenSequence,
} from '../../core/types.ts';
import { expectThat } from '../../core/validate.ts';
import { fromPlain } from './messages.ts';
import type { Abortable, Reply, Request, Result } from './messages.ts';
import { HangWatch } from './hangWatch.ts';
import { WorkerFeatures } from './workerFeatures.ts';
import type { Owner } from './workerFeatures.ts';
import type { WorkerPort } from './workerPort.ts';

/** A call that waits for its answer. */
interface PendingCall {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
  readonly onObject?: ((object: ObjectTokens) => void) | undefined;
}

/** A detector whose model is in a worker. */
export class WorkerDetector implements Detector {
  readonly model: ModelInfo;
  readonly device: Detector['device'];
  /** Settles with the reason when no further call can be answered, before the calls that wait are rejected. */
  readonly lost: Promise<PipelineError>;
  readonly #port: WorkerPort;
  readonly #hangWatch: HangWatch | undefined;
  readonly #pending = new Map<number, PendingCall>();
  #numCalls = 0;
  /** Why no further call can be answered. */
  #gone: PipelineError | undefined;
  #closing: Promise<void> | undefined;
  readonly #owner: Owner = {
    read: (features) => this.#ask({ op: 'read', call: this.#nextCall(), features }),
    release: (features) => this.#port.post({ op: 'release', features }),
  };

  /** @param hangSeconds how long the worker may say nothing while it is asked something. Default: for ever */
  constructor(
    port: WorkerPort,
    { model, device }: Pick<Detector, 'model' | 'device'>,
    hangSeconds?: number,
  ) {
    this.#port = port;
    this.model = model;
    this.device = device;
    let settle: (reason: PipelineError) => void = () => {};
    this.lost = new Promise((resolve) => (settle = resolve));
    const lose = (how: string, cause?: unknown): void => {
      this.#gone ??= exitError(how, cause);
      settle(this.#gone);
      this.#rejectAll(this.#gone);
    };
    if (hangSeconds !== undefined) {
      this.#hangWatch = new HangWatch(hangSeconds, () => {
        lose(`gave no answer for ${hangSeconds} s`);
        port.kill();
      });
    }
    port.listen({ reply: (reply: Reply) => this.#onReply(reply), lost: lose });
    port.keepAlive(false);
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
    const id = this.#idOf(features, 'decodes');
    const call = this.#nextCall();
    const wantsObjects = onObject !== undefined;
    const isAborted = signal?.aborted === true;
    const request = { op: 'decode', call, features: id, options, wantsObjects, isAborted } as const;
    return (await this.#askUntil(signal, request, onObject)) as TokenSequence;
  }

  async respond(
    features: Features,
    prompts: readonly Prompt[],
    options?: RespondOptions,
    { signal }: RespondHooks = {},
  ): Promise<readonly Int32Array[]> {
    resolveQuestions(prompts, options, this.model);
    const id = this.#idOf(features, 'responds');
    const call = this.#nextCall();
    const isAborted = signal?.aborted === true;
    const request = { op: 'respond', call, features: id, prompts, options, isAborted } as const;
    return (await this.#askUntil(signal, request)) as readonly Int32Array[];
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
      await Promise.all([this.#ask({ op: 'close', call: this.#nextCall() }), this.#port.ended]);
    }
  }

  #nextCall(): number {
    this.#numCalls += 1;
    return this.#numCalls;
  }

  #idOf(features: Features, does: string): number {
    const isOwn = features instanceof WorkerFeatures && features.owner === this.#owner;
    expectThat(isOwn, `features come from the detector that ${does}`);
    return features.id;
  }

  /** Asks, and passes on that the answer is not wanted any more. */
  async #askUntil(
    signal: AbortSignal | undefined,
    request: Abortable,
    onObject?: (object: ObjectTokens) => void,
  ): Promise<Result> {
    const abort = (): void => this.#port.post({ op: 'abort', call: request.call });
    signal?.addEventListener('abort', abort);
    try {
      return await this.#ask(request, onObject);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
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
      this.#pending.set(request.call, { resolve, reject, onObject });
      this.#port.keepAlive(true);
      this.#hangWatch?.start();
      try {
        this.#port.post(request);
      } catch (thrown) {
        this.#forget(request.call); // what can't be sent is not answered
        reject(toError(thrown));
      }
    });
  }

  #onReply(reply: Reply): void {
    invariant(reply.type !== 'ready' && reply.type !== 'unable', 'a worker starts once');
    const waiting = this.#pending.get(reply.call);
    this.#hangWatch?.onHeartbeat();
    if (waiting === undefined) {
      invariant(this.#gone !== undefined, 'a reply answers a call');
      return; // it came too late
    }
    if (reply.type === 'alive') {
      return;
    }
    if (reply.type === 'object') {
      this.#handOver(reply.call, waiting, reply.object);
      return;
    }
    this.#forget(reply.call);
    if (reply.type === 'done') {
      waiting.resolve(reply.result);
    } else {
      waiting.reject(fromPlain(reply.error));
    }
  }

  #forget(call: number): void {
    this.#pending.delete(call);
    if (this.#pending.size === 0 && this.#closing === undefined) {
      this.#port.keepAlive(false); // while it closes, its end is waited for
      this.#hangWatch?.stop();
    }
  }

  /** What the callback throws is its caller's to hear, and ends the reading as it does in this thread. */
  #handOver(call: number, waiting: PendingCall, object: ObjectTokens): void {
    try {
      waiting.onObject?.(object);
    } catch (thrown) {
      this.#pending.set(call, { resolve: () => {}, reject: () => {} }); // the answer is still to come
      this.#port.post({ op: 'abort', call });
      waiting.reject(toError(thrown));
    }
  }

  #rejectAll(error: PipelineError): void {
    this.#hangWatch?.stop();
    for (const { reject } of this.#pending.values()) {
      reject(error);
    }
    this.#pending.clear();
  }
}

/** Says that a worker is gone. @param how the end of the sentence */
export function exitError(how: string, cause?: unknown): PipelineError {
  return new PipelineError('ERR_WORKER_EXIT', `The inference worker ${how}`, { cause });
}
