import type { AttentionMap, ModelInfo, ObjectTokens } from '../../core/types.ts';
import type { ResolvedDecodeOptions } from './decodeOptions.ts';
import { DraftObjects } from './draftObjects.ts';
import { isSameObject } from './repeats.ts';
import { prefersDraft } from './rule.ts';
import type { Choice } from './rule.ts';
import { argMax, probabilities } from './sampler.ts';
import type { ReadObject } from './stopping.ts';

/** An object whose class is known. */
interface CollectedObject {
  readonly object: ObjectTokens;
  readonly label: string;
  readonly noise: number;
  /** How many of its tokens are the draft's. */
  readonly numAccepted: number;
  /** Where each of its tokens was looked for, where the graph tells it. */
  readonly attention: readonly AttentionMap[]; // [5], or none
}

/** What the stop rules look at, and what is read on with. */
export interface AddedObject extends ReadObject {
  readonly classToken: number;
}

/** How objects are collected. */
export interface CollectorConfig {
  /** Five tokens an object; borrowed. */
  readonly draft: Int32Array;
  readonly options: ResolvedDecodeOptions;
  readonly onObject?: ((object: ObjectTokens) => void) | undefined;
}

/** The objects of one frame, each once, while they are read. */
export class ObjectCollector {
  readonly #model: ModelInfo;
  readonly #config: CollectorConfig;
  /** The drafted objects that were not read yet. */
  readonly remaining: DraftObjects;
  /** Objects that are kept, in the order they were read. */
  readonly found: CollectedObject[] = [];
  #numObjects = 0;

  constructor(model: ModelInfo, config: CollectorConfig) {
    this.#model = model;
    this.#config = config;
    this.remaining = new DraftObjects(config.draft, model.vocabulary);
  }

  /**
   * Adds the object whose box is read, and reports it; one that was read before is left out.
   * @param row [V], the logits at the class position   @param box four coordinates
   * @param attention of its five tokens, or none
   */
  add(row: Float32Array, box: readonly Choice[], attention: readonly AttentionMap[]): AddedObject {
    const { options, onObject } = this.#config;
    const read = this.#classify(row, box);
    const { object, label, noise } = read;
    const isRepeat =
      prefersDraft(options) &&
      this.found.some((before) => isSameObject(before.object.tokens, object.tokens));
    if (!isRepeat) {
      this.found.push({ ...read, attention });
      onObject?.(object);
    }
    this.#numObjects += 1;
    const { score, tokens } = object;
    return { numObjects: this.#numObjects, label, score, noise, isRepeat, classToken: tokens[4] };
  }

  #classify(row: Float32Array, box: readonly Choice[]): Omit<CollectedObject, 'attention'> {
    const { vocabulary, labels } = this.#model;
    const fedBox = box.map((choice) => choice.fed);
    const continues = this.remaining.take(fedBox);
    const drafted = this.#config.draft.subarray(5 * continues, 5 * continues + 5); // empty for none
    const classToken = argMax(row, vocabulary.classBase, vocabulary.classBase + labels.length);
    const [score = 0, noise = 0] = probabilities(row, [classToken, vocabulary.noise]);
    const [ymin = 0, xmin = 0, ymax = 0, xmax = 0] = box.map(({ token }) => token);
    const tokens = [ymin, xmin, ymax, xmax, classToken] as const;
    const fed = [...fedBox, classToken];
    const numAccepted = fed.filter((token, i) => token === drafted[i]).length;
    const label = labels[classToken - vocabulary.classBase]?.name ?? '';
    const index = this.found.length;
    const object = { index, tokens, score, reused: numAccepted === 5, continues };
    return { object, label, noise, numAccepted };
  }
}
