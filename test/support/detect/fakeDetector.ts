import { readModelFolder } from '../../../models/format/modelFolder.ts';
import type { DecodeHooks, Detector, Features, TokenSequence } from '../../../models/core/types.ts';

/** A detector's stand-in that runs when it is told to, and counts what it gave out. */
export interface FakeDetector extends Detector {
  /** Signals of the readings that were begun. */
  readonly signals: (AbortSignal | undefined)[];
  readonly numEncoded: number;
  /** Features given out and not closed. */
  readonly numOpen: number;
}

/** What a fake detector waits for, and where it fails. */
export interface FakeOptions {
  /** Awaited in each run. */
  readonly encode?: (run: number) => Promise<void> | undefined;
  readonly decode?: (run: number) => Promise<void> | undefined;
}

/** One object, a person from bin 10 to bin 110 both ways. */
const TOKENS = [1010, 1010, 1110, 1110, 100] as const;

export async function fakeDetector(options: FakeOptions = {}): Promise<FakeDetector> {
  const { info: model } = await readModelFolder('nano');
  const signals: (AbortSignal | undefined)[] = [];
  const counts = { encoded: 0, decoded: 0, open: 0 };
  const close = (): Promise<void> => Promise.resolve();
  return {
    model,
    device: 'cpu',
    signals,
    get numEncoded() {
      return counts.encoded;
    },
    get numOpen() {
      return counts.open;
    },
    async encode() {
      const run = counts.encoded++;
      await options.encode?.(run);
      counts.open += 1;
      let isOpen = true;
      const closeFeatures = (): void => {
        counts.open -= isOpen ? 1 : 0;
        isOpen = false;
      };
      const read = (): ReturnType<Features['read']> => Promise.resolve({});
      return { encodeMs: 1, read, close: closeFeatures, [Symbol.dispose]: closeFeatures };
    },
    async decode(_features, _options, hooks: DecodeHooks = {}): Promise<TokenSequence> {
      signals.push(hooks.signal);
      const run = counts.decoded++;
      await options.decode?.(run);
      hooks.onObject?.({ index: 0, tokens: TOKENS, score: 0.9, reused: false, continues: -1 });
      return {
        tokens: Int32Array.from(TOKENS),
        scores: Float32Array.of(0.9),
        reused: Uint8Array.of(0),
        noises: Float32Array.of(0.05),
        continues: Int32Array.of(-1),
        stop: hooks.signal?.aborted === true ? 'abort' : 'eos',
        final: hooks.signal?.aborted !== true,
        counts: { drafted: 0, accepted: 0, decoded: 5, passes: 5 },
        tokensMs: 1,
      };
    },
    respond: () => Promise.reject(new Error('nothing but objects')),
    close,
    [Symbol.asyncDispose]: close,
  };
}
