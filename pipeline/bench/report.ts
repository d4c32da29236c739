import type { BenchReport } from './benchCommand.ts';
import { mean } from './numbers.ts';
import { REUSES } from './reuse.ts';
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
      'decoder call of one token, ms / its weights at the speed of memory',
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
  const means = REUSES.map((name, mode) => {
    const ofMode = Object.values(reuse).flatMap((modes) => modes[mode] ?? []);
    const plain = Object.values(reuse).flatMap(([off]) => off ?? []);
    const calls = mean(
      plain.map((figures) => figures.calls / mean(ofMode.map((one) => one.calls))),
    );
    const ms =
      mean(plain.map(({ tokensMs }) => tokensMs)) / mean(ofMode.map((one) => one.tokensMs));
    const found = mean(ofMode.map(({ foundAgain }) => foundAgain));
    return row(
      'mean',
      name,
      `${mean(ofMode.map((one) => one.calls)).toFixed(1)} (${calls.toFixed(1)}x fewer)`,
      share(mean(ofMode.map(({ accepted }) => accepted || 0))),
      `${mean(ofMode.map((one) => one.tokensMs)).toFixed(1)} (${ms.toFixed(1)}x)`,
      mean(ofMode.map(({ firstObjectMs }) => firstObjectMs)).toFixed(1),
      `${ofMode.reduce((sum, one) => sum + one.identical, 0)} of ${ofMode.reduce((sum, one) => sum + one.numFrames, 0)}`,
      `${share(found)}, ${mean(ofMode.map(({ meanIou }) => meanIou)).toFixed(2)}`,
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
    ),
    '| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...clips,
    ...means,
    '',
  ].join('\n');
}

function cells(figures: ReuseFigures): string[] {
  const { reuse, calls, callsP95, accepted, tokensMs, tokensMsP50, tokensMsP95 } = figures;
  const { firstObjectMs, identical, numFrames, foundAgain, meanIou } = figures;
  return [
    reuse,
    `${calls.toFixed(1)}, ${callsP95}`,
    share(accepted || 0),
    `${tokensMs.toFixed(1)}, ${tokensMsP50.toFixed(1)}, ${tokensMsP95.toFixed(1)}`,
    firstObjectMs.toFixed(1),
    `${identical} of ${numFrames}`,
    `${share(foundAgain)}, ${meanIou.toFixed(2)}`,
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
