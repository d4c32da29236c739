import { checkContract } from './contract.ts';
import { PipelineError, toError } from './errors.ts';
import { resolveDetectorOptions } from './detectorOptions.ts';
import type { LocalDetectorOptions } from './detectorOptions.ts';
import { readModelFolder } from './modelFolder.ts';
import type { ModelFolder } from './modelFolder.ts';
import { Decoder } from './pix2seq/decoder.ts';
import { resolveDecodeOptions } from './pix2seq/decodeOptions.ts';
import { Encoder } from './pix2seq/encoder.ts';
import { rulesFor } from './pix2seq/stopping.ts';
import type { StopRule } from './pix2seq/stopping.ts';
import { candidateDevices, openSession, tensorData } from './session.ts';
import type { Session, Tensors } from './session.ts';
import type { DecodeHooks, DecodeOptions, Detector, Device, Features } from './types.ts';
import { expectKnownKeys, expectThat } from './validate.ts';

/**
 * What `openLocalDetector` does once this module, and with it onnxruntime, is loaded.
 * @throws PipelineError ERR_MODEL_LOAD, ERR_MODEL_CONTRACT
 */
export async function openHere(options: LocalDetectorOptions = {}): Promise<Detector> {
  expectKnownKeys('openLocalDetector', options, ['model', 'device', 'threads', 'rules']);
  const resolved = resolveDetectorOptions(options);
  const folder = await readModelFolder(resolved.model);
  const devices = resolved.device === 'auto' ? candidateDevices() : [resolved.device];
  const failures: Error[] = [];
  for (const device of devices) {
    try {
      return await openOn(device, folder, resolved.threads, options.rules ?? []);
    } catch (thrown) {
      failures.push(toError(thrown));
    }
  }
  throw failures.at(-1) ?? new PipelineError('ERR_MODEL_LOAD', 'No device to run on');
}

async function openOn(
  device: Exclude<Device, 'auto'>,
  folder: ModelFolder,
  threads: number,
  rules: readonly StopRule[],
): Promise<Detector> {
  const sessions: Session[] = [];
  try {
    // single-token calls are slower on several threads than on one
    const encoder = await openSession(folder.encoderFile, { device, threads });
    sessions.push(encoder);
    const decoder = await openSession(folder.decoderFile, { device, threads: 1 });
    sessions.push(decoder);
    checkContract(folder.info, encoder, decoder);
    const detector = new LocalDetector(folder, device, encoder, decoder, rules);
    await detector.warmUp();
    return detector;
  } catch (thrown) {
    await Promise.all(sessions.map((session) => session.release()));
    throw thrown;
  }
}

class LocalFeatures implements Features {
  readonly encodeMs: number;
  #memory: Tensors | undefined;

  constructor(memory: Tensors, encodeMs: number) {
    this.#memory = memory;
    this.encodeMs = encodeMs;
  }

  get memory(): Tensors {
    expectThat(this.#memory !== undefined, 'features are used before they are closed');
    return this.#memory;
  }

  async read(): ReturnType<Features['read']> {
    const entries = Object.entries(this.memory).map(([name, t]) => [name, tensorData(t)] as const);
    return Object.fromEntries(entries);
  }

  close(): void {
    this.#memory = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

class LocalDetector implements Detector {
  readonly model: Detector['model'];
  readonly device: Detector['device'];
  readonly #sessions: readonly Session[];
  readonly #encoder: Encoder;
  readonly #decoder: Decoder;
  readonly #rules: readonly StopRule[];
  /** The run under way, which the next one waits for: one cache, one sequence at a time. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    folder: ModelFolder,
    device: Detector['device'],
    encoder: Session,
    decoder: Session,
    rules: readonly StopRule[],
  ) {
    this.model = folder.info;
    this.device = device;
    this.#sessions = [encoder, decoder];
    this.#encoder = new Encoder(encoder, folder.info);
    this.#decoder = new Decoder(decoder, folder.info);
    this.#rules = rules;
  }

  /** One grey frame and one object: checks the shapes that only a run shows, and pays for the first run. */
  async warmUp(): Promise<void> {
    const { size, pad } = this.model.image;
    const memory = await this.#encoder.encode(new Uint8Array(size * size * 3).fill(pad));
    const options = resolveDecodeOptions({ maxObjects: 1, eosOffset: 1e9 }, this.model);
    await this.#decoder.decode(memory, {
      options,
      rules: rulesFor(options), // not the caller's: they shall not see a frame that never was
    });
  }

  encode(image: Uint8Array): Promise<Features> {
    return this.#queued(async () => {
      const started = performance.now();
      const memory = await this.#encoder.encode(image);
      return new LocalFeatures(memory, performance.now() - started);
    });
  }

  async decode(
    features: Features,
    options?: DecodeOptions,
    hooks: DecodeHooks = {},
  ): ReturnType<Detector['decode']> {
    const resolved = resolveDecodeOptions(options, this.model);
    expectThat(features instanceof LocalFeatures, 'features come from the detector that decodes');
    return this.#queued(() =>
      this.#decoder.decode(features.memory, {
        options: resolved,
        rules: [...this.#rules, ...rulesFor(resolved, hooks.signal)],
        onObject: hooks.onObject,
      }),
    );
  }

  async close(): Promise<void> {
    await this.#queued(async () => {
      await Promise.all(this.#sessions.map((session) => session.release()));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // its caller hears of the failure, not the next in line
    return result;
  }
}
