import type { OptionTable } from '../../../models/core/options.ts';
import { resolveOptions } from '../../../models/core/resolveOptions.ts';

/** What the test pattern looks like. */
export interface TestPattern {
  /** Pixels, even, 64 or more. Default 640. */
  readonly width?: number;
  /** Pixels, even, 64 or more. Default 360. */
  readonly height?: number;
  /** Default 30. */
  readonly framesPerSecond?: number;
}

/** A pattern with nothing left open. */
export type ResolvedPattern = Required<TestPattern>;

/** One object of the pattern, in its pixels. */
export interface TestBox {
  /** `red`, `green` or `blue`. */
  readonly label: string;
  /** Left, top, right, bottom, pixels; right and bottom are outside. */
  readonly boxXyxyPixels: readonly [number, number, number, number];
}

const OPTIONS: OptionTable<TestPattern> = {
  width: { type: 'integer', min: 64, max: 8192, default: 640, unit: 'pixels' },
  height: { type: 'integer', min: 64, max: 8192, default: 360, unit: 'pixels' },
  framesPerSecond: { type: 'integer', min: 1, max: 240, default: 30 },
};

/** The pattern of `test:`. */
export const DEFAULT_PATTERN: ResolvedPattern = resolveOptions<TestPattern>('test', OPTIONS, {});

/** How an object moves: to and fro, so many pixels a frame, always whole and even ones. */
interface Mover {
  readonly label: string;
  readonly colour: string;
  /** Width and height, as a part of the picture's. */
  readonly size: readonly [number, number];
  /** Pixels a frame to the right and down. */
  readonly step: readonly [number, number];
}

const MOVERS: readonly Mover[] = [
  { label: 'red', colour: '0xd02030', size: [0.2, 0.3], step: [4, 0] },
  { label: 'green', colour: '0x20b040', size: [0.15, 0.2], step: [0, 2] },
  { label: 'blue', colour: '0x2040d0', size: [0.1, 0.1], step: [2, 4] },
];

/**
 * Reads a pattern: an object, or `640x360@30` as it follows `test:`.
 * @throws TypeError, RangeError for what is none
 */
export function readPattern(input: string | TestPattern): ResolvedPattern {
  const given = typeof input === 'string' ? readText(input) : input;
  const { width, height, framesPerSecond } = resolveOptions('test', OPTIONS, given);
  return { width: 2 * Math.floor(width / 2), height: 2 * Math.floor(height / 2), framesPerSecond };
}

function readText(text: string): TestPattern {
  const [, width, height, rate] = /^(\d+)x(\d+)(?:@(\d+))?$/.exec(text) ?? [];
  if (width === undefined || height === undefined) {
    throw new TypeError(`Expected \`test:\` or \`test:640x360@30\`, got \`test:${text}\``);
  }
  const size = { width: Number(width), height: Number(height) };
  return rate === undefined ? size : { ...size, framesPerSecond: Number(rate) };
}

/**
 * Where the objects of the test pattern are, exactly.
 * @param seconds since the first frame: `frame.index / framesPerSecond`; between two frames, the earlier one's
 * @param pattern as the source has it; default: that of `test:`
 * @returns boxes in pixels of the pattern; where two overlap, the later one is in front
 */
export function testBoxes(seconds: number, pattern: TestPattern = {}): readonly TestBox[] {
  const { width, height, framesPerSecond } = readPattern(pattern);
  const frame = Math.floor(seconds * framesPerSecond + 1e-6);
  return MOVERS.map(({ label, size, step }) => {
    const w = even(size[0] * width);
    const h = even(size[1] * height);
    const x = toAndFro(frame * step[0], width - w);
    const y = toAndFro(frame * step[1], height - h);
    return { label, boxXyxyPixels: [x, y, x + w, y + h] };
  });
}

/**
 * FFmpeg's source of the pattern.
 * @param firstFrame number of the first picture, so that a pattern goes on where it was cut off
 */
export function patternGraph(pattern: ResolvedPattern, firstFrame: number): string {
  const { width, height, framesPerSecond: rate } = pattern;
  const ground = `color=c=0x808080:s=${width}x${height}:r=${rate}[g0]`;
  const layers = MOVERS.map(({ colour, size, step }, i) => {
    const w = even(size[0] * width);
    const h = even(size[1] * height);
    const along = (pixels: number, room: number): string =>
      `'abs(mod((floor(t*${rate}+0.5)+${firstFrame})*${pixels}+${room},${2 * room})-${room})'`;
    const place = `x=${along(step[0], width - w)}:y=${along(step[1], height - h)}`;
    const out = i === MOVERS.length - 1 ? '' : `[g${i + 1}]`;
    return `color=c=${colour}:s=${w}x${h}:r=${rate}[m${i}];[g${i}][m${i}]overlay=format=gbrp:${place}${out}`;
  });
  return [ground, ...layers].join(';');
}

/** Up to `room` and back: 0 … room … 0; the arithmetic of the filter's `abs(mod(…))`. */
function toAndFro(way: number, room: number): number {
  return Math.abs(((way + room) % (2 * room)) - room);
}

function even(length: number): number {
  return 2 * Math.round(length / 2);
}
