import { Decoder } from '../../../models/engine/decode/decoder.ts';
import type { DecodeRequest } from '../../../models/engine/decode/decoder.ts';
import { StepRunner } from '../../../models/engine/decode/stepRunner.ts';
import { resolveDecodeOptions } from '../../../models/engine/decode/decodeOptions.ts';
import { StepBatcher } from '../../../models/engine/decode/stepBatcher.ts';
import { rulesFor } from '../../../models/engine/decode/stopping.ts';
import type { StopRule } from '../../../models/engine/decode/stopping.ts';
import { float32Data, float32Tensor } from '../../../models/engine/session.ts';
import type { Session, Tensors } from '../../../models/engine/session.ts';
import type { DecodeOptions, ModelInfo } from '../../../models/index.ts';
import { tinyInfo } from './tinyModel.ts';

/** What one frame gave to a call. */
export interface Call {
  readonly tokens: readonly number[];
  readonly position: number;
  /** The tokens whose rows the past holds: a row is its token, C times. */
  readonly past: readonly number[];
  readonly memory: unknown;
}

/** What a fake decoder says after a prefix: logits by token, 0 for all others. */
export type Scene = (prefix: readonly number[]) => ReadonlyMap<number, number>;

/** A decoder graph that plays scenes, and tells what it was asked. */
export interface FakeGraph {
  readonly session: Session;
  /** One entry for each frame of each run, padding left out of none. */
  readonly calls: Call[];
  /** Runs of the graph. */
  readonly numRuns: number;
  /** The memory of a scene, by its index. */
  memoryOf(scene: number): Tensors;
}

/** A vocabulary with room for objects that are far apart. */
export const WIDE: ModelInfo = tinyInfo({
  vocabulary: { ...tinyInfo().vocabulary, size: 408, bins: 400 },
});

/** Logit of what a scene says. */
export const SURE = 14;

/**
 * A decoder graph that reads the whole prefix off the past and the tokens, so that a wrong row of the
 * past changes what it says. Looks at the last `position` rows of the past and at no other.
 * @param attention adds the output `attention` [B, T, 1, 2]: position and token of each row
 */
export function fakeGraph(
  scenes: readonly Scene[],
  model: ModelInfo = WIDE,
  { attention = false }: { readonly attention?: boolean } = {},
): FakeGraph {
  const calls: Call[] = [];
  let numRuns = 0;
  const memories = scenes.map((_, i) => ({
    'memory.mean': float32Tensor(Float32Array.of(i), [1, 1]),
  }));
  const run = async (feeds: Tensors): Promise<Tensors> => {
    numRuns += 1;
    const { size } = model.vocabulary;
    const C = model.cacheWidth;
    const [B = 0, T = 0] = feeds['tokens']!.dims;
    const P = feeds['past']!.dims[1] ?? 0;
    const all = [...(feeds['tokens']!.data as BigInt64Array)].map(Number);
    const positions = [...(feeds['position']!.data as BigInt64Array)].map(Number);
    const pasts = float32Data(feeds, 'past');
    const logits = new Float32Array(B * T * size);
    const rows = new Float32Array(B * T * C);
    const looks = new Float32Array(B * T * 2);
    for (const [b, position] of positions.entries()) {
      const tokens = all.slice(b * T, (b + 1) * T);
      const past = Array.from({ length: P }, (_, i) => pasts[(b * P + i) * C] ?? NaN).slice(
        P - position,
      );
      calls.push({ tokens, position, past, memory: feeds['memory.mean'] });
      const seen = float32Data(feeds, 'memory.mean');
      const scene = scenes[seen[seen.length === 1 ? 0 : b] ?? -1]; // one memory is everyone's
      for (const [t, token] of tokens.entries()) {
        const at = b * T + t;
        for (const [said, logit] of scene?.([...past, ...tokens.slice(0, t + 1)]) ?? []) {
          logits[at * size + said] = logit;
        }
        rows.fill(token, at * C, (at + 1) * C);
        looks.set([position + t, token], at * 2);
      }
    }
    return {
      logits: float32Tensor(logits, [B, T, size]),
      rows: float32Tensor(rows, [B, T, C]),
      ...(attention && { attention: float32Tensor(looks, [B, T, 1, 2]) }),
    };
  };
  const outputs = ['logits', 'rows', ...(attention ? ['attention'] : [])].map((name) => ({
    name,
    type: 'float32',
    shape: [],
  }));
  const session = { file: 'fake', inputs: [], outputs, run, release: () => Promise.resolve() };
  return {
    session,
    calls,
    get numRuns() {
      return numRuns;
    },
    memoryOf: (scene) => memories[scene]!,
  };
}

/** Says `script[i]` at row i, whatever was fed. */
export function spelling(script: readonly number[], eos = 0): Scene {
  return (prefix) => new Map([[script[prefix.length - 1] ?? eos, SURE]]);
}

/** What the decoder is made of, on one session. */
export function stepsOn(session: Session, model: ModelInfo = WIDE): StepBatcher {
  const graph = new StepRunner(session, model);
  return new StepBatcher((steps) => graph.run(steps));
}

export function decoderOn(session: Session, model: ModelInfo = WIDE): Decoder {
  return new Decoder(stepsOn(session, model), model);
}

/** Options with the rules that they ask for, as the detector puts them together. */
export function readingOf(
  options: DecodeOptions = {},
  extra: { readonly rules?: readonly StopRule[]; readonly signal?: AbortSignal } & Pick<
    DecodeRequest,
    'onObject'
  > = {},
  model: ModelInfo = WIDE,
): DecodeRequest {
  const resolved = resolveDecodeOptions(options, model);
  return {
    options: resolved,
    rules: [...(extra.rules ?? []), ...rulesFor(resolved, extra.signal)],
    onObject: extra.onObject,
  };
}
