import type { BenchReport } from './benchCommand.ts';
import { mean } from './numbers.ts';
import { COMPARED } from './reuse.ts';
import type { ReuseFigures } from './reuse.ts';

/** Writes what the whole and its parts take as a Markdown table. */
export function speedTable({ machine, date, speed, call, memory }: BenchReport): string {
  const rows: (readonly [string, string])[] = [
    [
      'frames per second, `detect`: as files are read / as live sources are',
      pair(speed.framesPerSecond, speed.liveFramesPerSecond),
    ],
    [
      'the same encoder with its own one-shot head in a bare loop / live ÷ that',
      `${speed.oneShotFramesPerSecond.toFixed(1)} / ${speed.ratio.toFixed(2)}`,
    ],
    ['encoder, ms a frame', speed.encodeMs.toFixed(1)],
    ['decoder, ms a frame: `refine` / `tolerant`', pair(speed.tokensMs, speed.liveTokensMs)],
    [
      'everything else, ms a frame / share',
      `${speed.otherMs.toFixed(1)} / ${(100 * speed.otherShare).toFixed(1)} %`,
    ],
    [
      'decoder call of one token, ms / what it reads, at the speed of memory',
      `${call.callMs.toFixed(2)} / ${call.leastMs.toFixed(2)} (${call.gigabytesPerSecond.toFixed(0)} GB/s)`,
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
  const lines = rows.map((cells) => row(...cells));
  return [
    `${machine}, ${date}`,
    '',
    row('figure', 'median of 5'),
    '| --- | ---: |',
    ...lines,
    '',
  ].join('\n');
}

/** Writes the comparison of the ways of reuse as a Markdown table, the mean over the clips last. */
export function reuseTable(reuse: BenchReport['reuse']): string {
  const clips = Object.entries(reuse).flatMap(([clip, modes]) =>
    modes.map((figures) => row(clip, ...cells(figures))),
  );
  const ofMode = (mode: number): ReuseFigures[] =>
    Object.values(reuse).flatMap((modes) => modes[mode] ?? []);
  const means = COMPARED.map((name, mode) => {
    const meanOf = (of: (one: ReuseFigures) => number, at: number = mode): number =>
      mean(ofMode(at).map(of));
    const sumOf = (of: (one: ReuseFigures) => number): number =>
      ofMode(mode).reduce((sum, one) => sum + of(one), 0);
    const calls = meanOf((one) => one.calls);
    const ms = meanOf((one) => one.tokensMs);
    const fewer = meanOf((one) => one.calls, 0) / calls;
    const faster = meanOf((one) => one.tokensMs, 0) / ms;
    return row(
      'mean',
      name,
      `${calls.toFixed(1)} (${fewer.toFixed(1)}x fewer)`,
      share(meanOf(({ accepted }) => accepted || 0)),
      `${ms.toFixed(1)} (${faster.toFixed(1)}x)`,
      meanOf(({ firstObjectMs }) => firstObjectMs).toFixed(1),
      `${sumOf(({ identical }) => identical)} of ${sumOf(({ numFrames }) => numFrames)}`,
      `${share(meanOf(({ foundAgain }) => foundAgain))}, ${meanOf(({ meanIou }) => meanIou).toFixed(2)}`,
      `${share(meanOf(({ seenAgain }) => seenAgain))}, ${meanOf(({ steadyIou }) => steadyIou).toFixed(3)}`,
    );
  });
  return [
    row(
      'clip',
      'reuse',
      'calls a frame, p95',
      'accepted',
      'ms a frame, p50, p95',
      'first object, ms',
      'frames as `off`',
      'objects of `off` found, IoU',
      'in the next frame too, IoU',
    ),
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...clips,
    ...means,
    '',
  ].join('\n');
}

function cells(figures: ReuseFigures): string[] {
  const { reuse, calls, callsP95, accepted, tokensMs, tokensMsP50, tokensMsP95 } = figures;
  const { firstObjectMs, identical, numFrames, foundAgain, meanIou, seenAgain, steadyIou } =
    figures;
  return [
    reuse,
    `${calls.toFixed(1)}, ${callsP95}`,
    share(accepted || 0),
    `${tokensMs.toFixed(1)}, ${tokensMsP50.toFixed(1)}, ${tokensMsP95.toFixed(1)}`,
    firstObjectMs.toFixed(1),
    `${identical} of ${numFrames}`,
    `${share(foundAgain)}, ${meanIou.toFixed(2)}`,
    `${share(seenAgain)}, ${steadyIou.toFixed(3)}`,
  ];
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

function pair(a: number, b: number): string {
  return `${a.toFixed(1)} / ${b.toFixed(1)}`;
}
