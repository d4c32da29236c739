import { openInThread } from '../localDetector.ts';
import type { InThreadDetector } from '../localDetector.ts';
import { toError } from '../../core/errors.ts';
import type { DetectorOptions, Features, ObjectTokens } from '../../core/types.ts';
import { expectThat } from '../../core/validate.ts';
import { toPlain } from './messages.ts';
import type { Abortable, Reply, Request, Result } from './messages.ts';

/** The worker's end of the line to its owner. */
export interface OwnerLink {
  send(reply: Reply): void;
  /** Called once; the requests from then on. */
  listen(onRequest: (request: Request) => void): void;
  /** Called when everything is said; the worker may go. */
  end(): void;
}

/** Opens a model in a worker and answers its owner's requests until it is told to close. */
export async function serveDetector(link: OwnerLink, options: DetectorOptions): Promise<void> {
  try {
    const detector = await openInThread(options);
    const server = new DetectorServer(detector, link);
    link.listen((request) => void server.serve(request));
    const { model, device, warmUpMs } = detector;
    link.send({ type: 'ready', model, device, warmUpMs });
  } catch (thrown) {
    link.send({ type: 'unable', error: toPlain(toError(thrown)) });
  }
}

/** A long call shows so often that it goes on, milliseconds. */
const ALIVE_MS = 200;

class DetectorServer {
  readonly #detector: InThreadDetector;
  readonly #link: OwnerLink;
  readonly #features = new Map<number, Features>();
  readonly #aborts = new Map<number, AbortController>();

  constructor(detector: InThreadDetector, link: OwnerLink) {
    this.#detector = detector;
    this.#link = link;
  }

  async serve(request: Request): Promise<void> {
    if (request.op === 'abort') {
      this.#aborts.get(request.call)?.abort();
    } else if (request.op === 'release') {
      this.#features.get(request.features)?.close();
      this.#features.delete(request.features);
    } else {
      const { call } = request;
      try {
        this.#link.send({ type: 'done', call, result: await this.#answer(request) });
      } catch (thrown) {
        this.#link.send({ type: 'failed', call, error: toPlain(toError(thrown)) });
      } finally {
        this.#aborts.delete(call);
      }
      if (request.op === 'close') {
        this.#link.end();
      }
    }
  }

  async #answer(request: Exclude<Request, { op: 'abort' | 'release' }>): Promise<Result> {
    switch (request.op) {
      case 'encode': {
        const made = await this.#detector.encode(request.image);
        this.#features.set(request.call, made);
        return { encodeMs: made.encodeMs };
      }
      case 'decode': {
        const { call, options, wantsObjects } = request;
        const signal = this.#signalOf(request);
        const alive = this.#aliveOf(call);
        const onObject = (object: ObjectTokens): void =>
          wantsObjects ? this.#link.send({ type: 'object', call, object }) : alive();
        const hooks = { signal, onObject };
        return this.#detector.decode(this.#featuresOf(request.features), options, hooks);
      }
      case 'respond': {
        const { call, prompts, options } = request;
        const signal = this.#signalOf(request);
        const hooks = { signal, onCall: this.#aliveOf(call) };
        return this.#detector.respond(this.#featuresOf(request.features), prompts, options, hooks);
      }
      case 'read':
        return this.#featuresOf(request.features).read();
      case 'close':
        await this.#detector.close();
        return undefined;
    }
  }

  #signalOf({ call, isAborted }: Abortable): AbortSignal {
    const abort = new AbortController();
    if (isAborted) {
      abort.abort();
    }
    this.#aborts.set(call, abort);
    return abort.signal;
  }

  /** @returns to be called again and again while the call goes on */
  #aliveOf(call: number): () => void {
    let sentMs = performance.now();
    return () => {
      if (performance.now() - sentMs > ALIVE_MS) {
        sentMs = performance.now();
        this.#link.send({ type: 'alive', call });
      }
    };
  }

  #featuresOf(id: number): Features {
    const found = this.#features.get(id);
    expectThat(found !== undefined, 'features are used before they are closed');
    return found;
  }
}
