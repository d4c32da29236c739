import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { firstValueFrom, lastValueFrom, map, tap, toArray } from 'rxjs';
import { bundledEncoder, openDetector, siblingModule } from '../../models/index.ts';
import type { Detector, FrameDetections, Reuse } from '../../models/index.ts';
import { detect, findFfmpeg, fromVideo } from '../../operators/index.ts';
import { DEMO_CLIP } from '../openSource.ts';

const NUM_ROUNDS = 5;

/** Medians over the rounds; milliseconds a frame where nothing else is said. */
export interface SpeedFigures {
  readonly framesPerSecond: number;
  readonly encodeMs: number;
  readonly tokensMs: number;
  /** Decoder calls a frame. */
  readonly passes: number;
  /** The same without the previous frame's tokens, and with the rule that prefers them. */
  readonly offTokensMs: number;
  readonly offPasses: number;
  readonly stickyTokensMs: number;
  readonly stickyPasses: number;
  /** Neither encoder nor decoder call. */
  readonly otherMs: number;
  readonly otherShare: number;
  /** The encoder graph alone, same frames, same threads, nothing around it. */
  readonly bareEncodeMs: number;
  readonly nativeDecodeMs: number | undefined;
  readonly wasmDecodeMs: number;
  /** From the start of `pix2seq-stream detect` to its first line, milliseconds. */
  readonly firstDetectionMs: number;
}

/**
 * Measures `detect` and its parts on the bundled clip, side by side in each round.
 * @param note told what is being done
 */
export async function measureSpeed(
  note: (text: string) => void,
  interrupt: AbortSignal,
): Promise<SpeedFigures> {
  await using detector = await openDetector();
  await detectClip(detector); // warm
  const rounds: SpeedFigures[] = [];
  while (rounds.length < NUM_ROUNDS && !interrupt.aborted) {
    note(`speed: round ${rounds.length + 1} of ${NUM_ROUNDS}`);
    rounds.push({
      ...(await detectClip(detector)),
      ...(await otherReuse(detector)),
      bareEncodeMs: await bareEncodeMs(),
      nativeDecodeMs: findFfmpeg() === undefined ? undefined : await decodeMs('native'),
      wasmDecodeMs: await decodeMs('wasm'),
      firstDetectionMs: await firstDetectionMs(),
    });
  }
  return medians(rounds);
}

async function otherReuse(
  detector: Detector,
): Promise<Pick<SpeedFigures, 'offTokensMs' | 'offPasses' | 'stickyTokensMs' | 'stickyPasses'>> {
  const off = await detectClip(detector, 'off');
  const sticky = await detectClip(detector, 'sticky');
  return {
    offTokensMs: off.tokensMs,
    offPasses: off.passes,
    stickyTokensMs: sticky.tokensMs,
    stickyPasses: sticky.passes,
  };
}

async function detectClip(
  detector: Detector,
  reuse: Reuse = 'refine',
): Promise<
  Pick<
    SpeedFigures,
    'framesPerSecond' | 'encodeMs' | 'tokensMs' | 'passes' | 'otherMs' | 'otherShare'
  >
> {
  const started = performance.now();
  const results = await lastValueFrom(
    fromVideo(DEMO_CLIP).pipe(detect(detector, { reuse }), toArray()),
  );
  const frameMs = (performance.now() - started) / results.length;
  const mean = (of: (result: FrameDetections) => number): number =>
    results.reduce((sum, result) => sum + of(result), 0) / results.length;
  const encodeMs = mean(({ timing }) => timing.encodeMs);
  const tokensMs = mean(({ timing }) => timing.tokensMs);
  const otherMs = frameMs - encodeMs - tokensMs;
  return {
    framesPerSecond: 1000 / frameMs,
    encodeMs,
    tokensMs,
    passes: mean(({ tokens }) => tokens.passes),
    otherMs,
    otherShare: otherMs / frameMs,
  };
}

/** The bundled encoder graph in a loop, frame after frame, in this thread. */
async function bareEncodeMs(): Promise<number> {
  const copies$ = fromVideo(DEMO_CLIP).pipe(
    map((frame) => {
      const image = frame.image.slice();
      frame.close();
      return image;
    }),
    toArray(),
  );
  const images = await firstValueFrom(copies$);
  const encoder = await bundledEncoder();
  const started = performance.now();
  for (const image of images) {
    await encoder.run(image);
  }
  const ms = (performance.now() - started) / images.length;
  await encoder.release();
  return ms;
}

async function decodeMs(decoder: 'native' | 'wasm'): Promise<number> {
  let numFrames = 0;
  let firstMs = 0;
  await lastValueFrom(
    fromVideo(DEMO_CLIP, { decoder }).pipe(
      tap((frame) => {
        frame.close();
        firstMs ||= performance.now(); // starting FFmpeg is not decoding
        numFrames += 1;
      }),
    ),
  );
  return (performance.now() - firstMs) / (numFrames - 1);
}

async function firstDetectionMs(): Promise<number> {
  const program = siblingModule(import.meta.url, '../main').pathname;
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [...process.execArgv, program, 'detect', DEMO_CLIP, '--quiet', '--max-frames', '1'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(child.stdout, 'data');
  const ms = performance.now() - started;
  await once(child, 'close');
  return ms;
}

function medians(rounds: readonly SpeedFigures[]): SpeedFigures {
  const middle = (name: keyof SpeedFigures): number | undefined => {
    const values = rounds.map((round) => round[name]).filter((value) => value !== undefined);
    return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
  };
  const { nativeDecodeMs: _, ...names } = rounds[0] ?? ({} as SpeedFigures);
  const keys = Object.keys(names) as (keyof SpeedFigures)[];
  const figures = Object.fromEntries(keys.map((name) => [name, middle(name) ?? NaN]));
  return { ...figures, nativeDecodeMs: middle('nativeDecodeMs') } as SpeedFigures;
}
