import { cpus } from 'node:os';
import { EXIT } from '../exitCodes.ts';
import { measureMemory } from './memory.ts';
import type { MemoryFigures } from './memory.ts';
import { measureSpeed } from './speed.ts';
import type { SpeedFigures } from './speed.ts';

/** Arguments of `bench`. */
export interface BenchArguments {
  readonly json: boolean;
  /** Length of the memory test, minutes; 0 leaves it out. */
  readonly minutes: number;
}

/**
 * The `bench` command: the tables of the README, on the bundled clip and model.
 * @returns the exit code
 */
export async function benchCommand(
  { json, minutes }: BenchArguments,
  interrupt: AbortSignal,
): Promise<number> {
  const note = (text: string): void => void process.stderr.write(`${text}\n`);
  // the memory first, while nothing else has used any
  const memory = minutes > 0 ? await measureMemory(minutes, note, interrupt) : undefined;
  const speed = await measureSpeed(note, interrupt);
  if (interrupt.aborted) {
    return EXIT.interrupted;
  }
  const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`;
  const date = new Date().toISOString().slice(0, 10);
  const report = { machine, date, speed, ...(memory === undefined ? {} : { memory }) };
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : table(machine, date, speed, memory));
  return EXIT.done;
}

function table(
  machine: string,
  date: string,
  speed: SpeedFigures,
  memory: MemoryFigures | undefined,
): string {
  const rows: (readonly [string, string])[] = [
    ['frames per second, `detect` as a whole', speed.framesPerSecond.toFixed(1)],
    [
      'encoder, ms a frame / in a bare loop',
      `${speed.encodeMs.toFixed(1)} / ${speed.bareEncodeMs.toFixed(1)}`,
    ],
    ['decoder (`--reuse refine`), ms / calls a frame', pair(speed.tokensMs, speed.passes)],
    ['decoder with `--reuse sticky`, ms / calls', pair(speed.stickyTokensMs, speed.stickyPasses)],
    ['decoder with `--reuse off`, ms / calls', pair(speed.offTokensMs, speed.offPasses)],
    [
      'everything else, ms a frame / share',
      `${speed.otherMs.toFixed(1)} / ${(100 * speed.otherShare).toFixed(1)} %`,
    ],
    [
      'video decoding alone, ms a frame, native / wasm',
      `${speed.nativeDecodeMs?.toFixed(1) ?? 'no ffmpeg'} / ${speed.wasmDecodeMs.toFixed(1)}`,
    ],
    ['first detection on standard output, s', (speed.firstDetectionMs / 1000).toFixed(2)],
  ];
  if (memory !== undefined) {
    rows.push([
      `resident memory, MB, after 10 s / ${memory.minutes} min (${memory.numFrames} frames)`,
      `${memory.earlyMegabytes.toFixed(0)} / ${memory.lateMegabytes.toFixed(0)}`,
    ]);
  }
  const lines = rows.map(([what, figure]) => `| ${what} | ${figure} |`);
  return [
    `${machine}, ${date}`,
    '',
    '| figure | median of 5 |',
    '| --- | ---: |',
    ...lines,
    '',
  ].join('\n');
}

function pair(ms: number, calls: number): string {
  return `${ms.toFixed(1)} / ${calls.toFixed(1)}`;
}
