import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { firstValueFrom, lastValueFrom, map, takeUntil, tap, toArray } from 'rxjs';
import { openDetector, siblingModule } from '../../../models/index.ts';
import type { Detector, Reuse } from '../../../models/index.ts';
import { detect, findFfmpeg, fromVideo } from '../../../operators/index.ts';
import { abortOf } from '../../run/abortOf.ts';
import { DEMO_CLIP } from '../../run/openSource.ts';
import { mean, percentile } from './numbers.ts';
import { measureOneShot } from './oneShot.ts';

const NUM_ROUNDS = 5;

/** Medians over the rounds; milliseconds a frame where nothing else is said. */
export interface SpeedFigures {
  /** `detect` as a whole, as files are read, and as live sources are. */
  readonly framesPerSecond: number;
  readonly liveFramesPerSecond: number;
  /** The encoder with its own detection head in a bare loop. */
  readonly oneShotFramesPerSecond: number;
  /** Of ours as live sources are read. */
  readonly ratio: number;
  readonly encodeMs: number;
  readonly tokensMs: number;
  readonly liveTokensMs: number;
  /** Neither encoder nor decoder call. */
  readonly otherMs: number;
  readonly otherShare: number;
  readonly nativeDecodeMs: number | undefined;
  readonly wasmDecodeMs: number;
  /** From the start of `pix2seq-stream detect` to its first line, milliseconds. */
  readonly firstDetectionMs: number;
}

/**
 * Measures `detect` and its parts on the bundled clip, side by side in each round.
 * @param note told what is being done
 * @param interrupt ends it soon; the figures are of no use then
 */
export async function measureSpeed(
  note: (text: string) => void,
  interrupt: AbortSignal,
): Promise<SpeedFigures> {
  await using detector = await openDetector();
  await detectClip(detector, 'refine', interrupt); // warm
  const images = await clipImages();
  const rounds: SpeedFigures[] = [];
  while (rounds.length < NUM_ROUNDS && !interrupt.aborted) {
    note(`speed: round ${rounds.length + 1} of ${NUM_ROUNDS}`);
    const files = await detectClip(detector, 'refine', interrupt);
    const live = await detectClip(detector, 'tolerant', interrupt);
    const oneShot = await measureOneShot(images);
    rounds.push({
      framesPerSecond: 1000 / files.frameMs,
      liveFramesPerSecond: 1000 / live.frameMs,
      oneShotFramesPerSecond: 1000 / oneShot.frameMs,
      ratio: oneShot.frameMs / live.frameMs,
      encodeMs: files.encodeMs,
      tokensMs: files.tokensMs,
      liveTokensMs: live.tokensMs,
      otherMs: files.otherMs,
      otherShare: files.otherMs / files.frameMs,
      nativeDecodeMs: findFfmpeg() === undefined ? undefined : await decodeMs('native'),
      wasmDecodeMs: await decodeMs('wasm'),
      firstDetectionMs: await firstDetectionMs(),
    });
  }
  return medians(rounds);
}

/** Milliseconds a frame of one run over the clip. */
interface ClipFigures {
  readonly frameMs: number;
  readonly encodeMs: number;
  readonly tokensMs: number;
  readonly otherMs: number;
}

async function detectClip(
  detector: Detector,
  reuse: Reuse,
  interrupt: AbortSignal,
): Promise<ClipFigures> {
  const started = performance.now();
  const results = await lastValueFrom(
    fromVideo(DEMO_CLIP).pipe(
      detect(detector, { reuse }),
      takeUntil(abortOf(interrupt)),
      toArray(),
    ),
  );
  const frameMs = (performance.now() - started) / results.length;
  const encodeMs = mean(results.map(({ timing }) => timing.encodeMs));
  const tokensMs = mean(results.map(({ timing }) => timing.tokensMs));
  return { frameMs, encodeMs, tokensMs, otherMs: frameMs - encodeMs - tokensMs };
}

/** The clip's pictures as the encoder takes them. */
async function clipImages(): Promise<Uint8Array[]> {
  const copies$ = fromVideo(DEMO_CLIP).pipe(
    map((frame) => {
      const image = frame.image.slice();
      frame.close();
      return image;
    }),
    toArray(),
  );
  return firstValueFrom(copies$);
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
  const program = siblingModule(import.meta.url, '../../main').pathname;
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
    return values.length === 0 ? undefined : percentile(values, 0.5);
  };
  const { nativeDecodeMs: _, ...names } = rounds[0] ?? ({} as SpeedFigures);
  const keys = Object.keys(names) as (keyof SpeedFigures)[];
  const figures = Object.fromEntries(keys.map((name) => [name, middle(name) ?? NaN]));
  return { ...figures, nativeDecodeMs: middle('nativeDecodeMs') } as SpeedFigures;
}
