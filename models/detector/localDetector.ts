import { access } from 'node:fs/promises';
import PQueue from 'p-queue';
import {
  checkAttention,
  checkContract,
  checkPrompts,
  expectBatchable,
} from '../engine/contract.ts';
import { PipelineError, invariant, toError } from '../core/errors.ts';
import { DETECTOR_OPTIONS } from '../core/detectorOptions.ts';
import type { OptionTable } from '../core/options.ts';
import { resolveOptions } from '../core/resolveOptions.ts';
import { MACHINE_DEFAULTS } from './detectorOptions.ts';
import type { LocalDetectorOptions } from './detectorOptions.ts';
import { LocalFeatures } from './localFeatures.ts';
import { readModelFolder } from '../format/modelFolder.ts';
import type { ModelFolder } from '../format/modelFolder.ts';
import { Decoder } from '../engine/decode/decoder.ts';
import { StepRunner } from '../engine/decode/stepRunner.ts';
import { resolveDecodeOptions } from '../engine/decode/decodeOptions.ts';
import { Encoder } from '../engine/encode/encoder.ts';
import { readResponses } from '../engine/respond/responder.ts';
import { promptsOfEachTask, resolveQuestions } from '../engine/respond/respondOptions.ts';
import type { Question } from '../engine/respond/respondOptions.ts';
import { rulesFor } from '../engine/decode/stopping.ts';
import { StepBatcher } from '../engine/decode/stepBatcher.ts';
import type { StopRule } from '../engine/decode/stopping.ts';
import { candidateDevices, openSession } from '../engine/session.ts';
import type { Session, Tensors } from '../engine/session.ts';
import type {
  DecodeHooks,
  DecodeOptions,
  Detector,
  DetectorOptions,
  Device,
  Features,
  ModelInfo,
  Prompt,
  RespondHooks,
  RespondOptions,
} from '../core/types.ts';
import { expectThat } from '../core/validate.ts';

/** A detector of this thread, as a worker wants it. */
export interface InThreadDetector extends Detector {
  /** What the first frame took, milliseconds. */
  readonly warmUpMs: number;
  /** @param hooks `onCall` is called after each run of the decoder */
  respond(
    features: Features,
    prompts: readonly Prompt[],
    options?: RespondOptions,
    hooks?: RespondHooks & { readonly onCall?: () => void },
  ): ReturnType<Detector['respond']>;
}

const OPTIONS: OptionTable<LocalDetectorOptions> = {
  ...DETECTOR_OPTIONS,
  rules: { type: 'value', default: [] },
};

/**
 * What `openLocalDetector` does once this module, and with it onnxruntime, is loaded.
 * @throws PipelineError ERR_MODEL_LOAD, ERR_MODEL_CONTRACT
 */
export async function openInThread(options: LocalDetectorOptions = {}): Promise<InThreadDetector> {
  const resolved = resolveOptions('openLocalDetector', OPTIONS, options, MACHINE_DEFAULTS);
  const folder = await readModelFolder(resolved.model);
  const devices = resolved.device === 'auto' ? candidateDevices() : [resolved.device];
  const failures: Error[] = [];
  for (const device of devices) {
    try {
      return await openOn(device, folder, resolved, resolved.rules);
    } catch (thrown) {
      failures.push(toError(thrown));
    }
  }
  throw failures.at(-1) ?? new PipelineError('ERR_MODEL_LOAD', 'No device to run on');
}

async function openOn(
  device: Exclude<Device, 'auto'>,
  folder: ModelFolder,
  { threads, batch }: Required<DetectorOptions>,
  rules: readonly StopRule[],
): Promise<InThreadDetector> {
  const sessions: Session[] = [];
  try {
    const encoder = await openSession(folder.encoderFile, { device, threads });
    sessions.push(encoder);
    // single-token calls are slower on several threads than on one
    const decoder = await openSession(folder.decoderFile, { device, threads: 1 });
    sessions.push(decoder);
    checkContract(folder.info, encoder, decoder);
    checkPrompts(folder.info, decoder);
    if (batch > 1) {
      expectBatchable(decoder);
    }
    const detector = new LocalDetector(folder, device, { encoder, decoder }, batch, rules);
    await detector.warmUp();
    return detector;
  } catch (thrown) {
    await Promise.all(sessions.map((session) => session.release()));
    throw thrown;
  }
}

class LocalDetector implements InThreadDetector {
  readonly model: Detector['model'];
  readonly device: Detector['device'];
  warmUpMs = 0;
  readonly #folder: ModelFolder;
  readonly #sessions: Session[];
  readonly #encoder: Encoder;
  /** What prompts are read with. */
  readonly #graph: StepRunner;
  /** Those that read nothing at the moment; each has a cache of its own. */
  readonly #decoders: Decoder[];
  readonly #rules: readonly StopRule[];
  /** As many runs at a time as frames are computed side by side, first come, first served. */
  readonly #queue: PQueue;
  /** The same of the graph that tells attention. */
  #attentive: Promise<Decoder[]> | undefined;

  constructor(
    folder: ModelFolder,
    device: Detector['device'],
    { encoder, decoder }: { readonly encoder: Session; readonly decoder: Session },
    batch: number,
    rules: readonly StopRule[],
  ) {
    this.model = folder.info;
    this.device = device;
    this.#folder = folder;
    this.#sessions = [encoder, decoder];
    this.#encoder = new Encoder(encoder, folder.info, batch);
    const steps = stepsOf(decoder, folder.info);
    this.#graph = new StepRunner(decoder, folder.info);
    this.#decoders = Array.from({ length: batch }, () => new Decoder(steps, folder.info));
    this.#rules = rules;
    this.#queue = new PQueue({ concurrency: batch });
  }

  /** One grey frame and one object: checks the shapes that only a run shows, and pays for the first run. */
  async warmUp(): Promise<void> {
    const startedMs = performance.now();
    const { size, pad } = this.model.image;
    const memory = await this.#encoder.encode(new Uint8Array(size * size * 3).fill(pad));
    const options = resolveDecodeOptions({ maxObjects: 1, eosOffset: 1e9 }, this.model);
    await this.#decoders[0]?.decode(memory, {
      options,
      rules: rulesFor(options), // not the caller's: they shall not see a frame that never was
    });
    const prompts = promptsOfEachTask(this.model);
    const questions = resolveQuestions([...prompts, ...prompts], { maxTokens: 1 }, this.model);
    await this.#read(memory, questions); // two a task, since several share the memory
    this.warmUpMs = performance.now() - startedMs;
  }

  encode(image: Uint8Array): Promise<Features> {
    return this.#queue.add(async () => {
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
    return this.#queue.add(() =>
      this.#withDecoder(resolved.attention, (decoder) =>
        decoder.decode(features.memory, {
          options: resolved,
          rules: [...this.#rules, ...rulesFor(resolved, hooks.signal)],
          onObject: hooks.onObject,
        }),
      ),
    );
  }

  async respond(
    ...[features, prompts, options, hooks]: Parameters<InThreadDetector['respond']>
  ): ReturnType<Detector['respond']> {
    const questions = resolveQuestions(prompts, options, this.model);
    expectThat(features instanceof LocalFeatures, 'features come from the detector that responds');
    return this.#queue.add(() => this.#read(features.memory, questions, hooks));
  }

  async close(): Promise<void> {
    await this.#queue.onIdle();
    await Promise.all(this.#sessions.map((session) => session.release()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #read(
    memory: Tensors,
    questions: readonly Question[],
    hooks: Parameters<InThreadDetector['respond']>[3] = {},
  ): Promise<Int32Array[]> {
    const source = { graph: this.#graph, model: this.model, memory, ...hooks };
    return readResponses(source, questions);
  }

  async #withDecoder<T>(isAttentive: boolean, work: (decoder: Decoder) => Promise<T>): Promise<T> {
    const idle = isAttentive ? await (this.#attentive ??= this.#openAttentive()) : this.#decoders;
    const decoder = idle.pop();
    invariant(decoder !== undefined, 'there is a decoder for each run of the queue');
    return work(decoder).finally(() => idle.push(decoder));
  }

  /** Opened when it is asked for: others do not pay for it. */
  async #openAttentive(): Promise<Decoder[]> {
    const { attentionFile, info } = this.#folder;
    await access(attentionFile).catch(() => {
      throw new PipelineError(
        'ERR_MODEL_LOAD',
        `The model cannot tell where it looks, since it has no ${attentionFile}; ` +
          'add that graph (see models/readme.md), or do without attention',
      );
    });
    const session = await openSession(attentionFile, { device: this.device, threads: 1 });
    this.#sessions.push(session);
    checkAttention(info, session);
    const batch = this.#queue.concurrency;
    if (batch > 1) {
      expectBatchable(session);
    }
    const steps = stepsOf(session, info);
    return Array.from({ length: batch }, () => new Decoder(steps, info));
  }
}

function stepsOf(session: Session, model: ModelInfo): StepBatcher {
  const graph = new StepRunner(session, model);
  return new StepBatcher((steps) => graph.run(steps));
}
