import { Cache } from '../../../models/engine/decode/cache.ts';
import type { ResolvedDecodeOptions } from '../../../models/engine/decode/decodeOptions.ts';
import { StepRunner } from '../../../models/engine/decode/stepRunner.ts';
import { usableDraft } from '../../../models/engine/decode/draft.ts';
import { DraftObjects } from '../../../models/engine/decode/draftObjects.ts';
import { isSameObject } from '../../../models/engine/decode/repeats.ts';
import { createRule, prefersDraft } from '../../../models/engine/decode/rule.ts';
import type { Session, Tensors } from '../../../models/engine/session.ts';
import type { ModelInfo, ObjectTokens, StopReason } from '../../../models/index.ts';

type Five = ObjectTokens['tokens'];

/** What the plain loop read. */
export interface PlainReading {
  readonly tokens: readonly number[];
  readonly scores: readonly number[];
  readonly continues: readonly number[];
  /** Objects, those left out included. */
  readonly numRead: number;
  readonly stop: StopReason;
  /** Least difference of the two best logits at a place where the best one was taken. */
  readonly leastMargin: number;
}

/**
 * The decoding rule applied token by token, one token a call, from nothing: what every faster way of
 * reading must give. Knows neither guesses nor the loop of the package.
 */
export async function readPlainly(
  session: Session,
  model: ModelInfo,
  memory: Tensors,
  options: ResolvedDecodeOptions,
): Promise<PlainReading> {
  const { prompt, eos, noise, classBase } = model.vocabulary;
  const graph = new StepRunner(session, model);
  const cache = new Cache(model.cacheWidth, prompt.length + 500);
  const rule = createRule(options, model);
  const left = new DraftObjects(usableDraft(options, model), model.vocabulary);
  const found: Five[] = [];
  const [scores, continues]: [number[], number[]] = [[], []];
  let leastMargin = Infinity;
  let [numRead, numNoisy] = [0, 0];
  let row = new Float32Array();
  const feed = async (token: number): Promise<void> => {
    const [result] = await graph.run([{ memory, tokens: [token], cache }]);
    cache.append(result!.rows);
    row = result!.logits.slice();
  };
  for (const token of prompt) {
    await feed(token);
  }
  for (;;) {
    const [box, fed]: [number[], number[]] = [[], []];
    for (let tokenIndex = 0; tokenIndex < 4; tokenIndex++) {
      const choice = rule(row, cache.length, left.expect(fed));
      leastMargin = Math.min(leastMargin, marginOf(row, choice.token));
      if (tokenIndex === 0 && choice.token === eos) {
        return { tokens: found.flat(), scores, continues, numRead, stop: 'eos', leastMargin };
      }
      box.push(choice.token);
      fed.push(choice.fed);
      await feed(choice.fed);
    }
    const continued = left.take(fed);
    const chances = softmax(row);
    const classes = chances.slice(classBase, classBase + model.labels.length);
    const score = Math.max(...classes);
    const object = [...box, classBase + classes.indexOf(score)] as unknown as Five;
    const isRepeat = prefersDraft(options) && found.some((before) => isSameObject(before, object));
    if (!isRepeat) {
      found.push(object);
      continues.push(continued);
      scores.push(score);
    }
    numRead += 1;
    const isNoise = (chances[noise] ?? 0) > options.noiseThreshold || isRepeat;
    numNoisy = isNoise ? numNoisy + 1 : 0;
    const read = { tokens: found.flat(), scores, continues, numRead, leastMargin };
    if (options.noiseThreshold < 1 && numNoisy >= options.noisePatience) {
      return { ...read, stop: 'noise' };
    }
    if (numRead === options.maxObjects) {
      return { ...read, stop: 'maxObjects' };
    }
    await feed(noise);
  }
}

/** How far the logit of a token is above, or below, the best of the others. */
function marginOf(row: Float32Array, token: number): number {
  const others = row.reduce(
    (best, logit, i) => (i === token ? best : Math.max(best, logit)),
    -Infinity,
  );
  return Math.abs((row[token] ?? NaN) - others);
}

function softmax(row: Float32Array): number[] {
  const top = row.reduce((best, logit) => Math.max(best, logit), -Infinity);
  const weights = Array.from(row, (logit) => Math.exp(logit - top));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}
