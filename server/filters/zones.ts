import type { Detection } from '../../models/index.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { resolveOptions } from '../../models/core/resolveOptions.ts';
import { matchesGlob } from './matchesGlob.ts';
import type { ZoneInfo } from '../protocol/messages.ts';

/** Corners that a zone may have. */
const MIN_POINTS = 3;
const MAX_POINTS = 64;
/** Zones that a server may have. */
const MAX_ZONES = 256;

/** A named part of the picture, as options give it. */
export interface ZoneOptions {
  /** Names of the sources it is of, `*` for any characters and `?` for one. Default `*`. */
  readonly source?: string;
  /** Its corners in order, 3 to 64; x and y from 0 to 1 of the picture's width and height. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

const ZONE_OPTIONS: OptionTable<ZoneOptions> = {
  source: { type: 'value', default: '*' },
  points: { type: 'value', required: true },
};

/** Width and height of a frame, pixels. */
export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

/** A named part of the picture. */
export interface Zone extends ZoneInfo {
  /** Whether an object stands in it: the middle of its box's lower edge, where people and vehicles touch the ground. */
  contains(source: string, detection: Detection, size: FrameSize): boolean;
}

/**
 * Checks the zones of a server's options.
 * @throws TypeError, RangeError with one line that names the zone
 */
export function resolveZones(given: Readonly<Record<string, ZoneOptions>>): readonly Zone[] {
  const named = Object.entries(given);
  if (named.length > MAX_ZONES) {
    throw new RangeError(`Expected \`zones\` to be at most ${MAX_ZONES}, got ${named.length}`);
  }
  return named.map(([name, zone]) => {
    const { source, points } = resolveOptions(`zone ${name}`, ZONE_OPTIONS, zone);
    const isRight =
      Array.isArray(points) &&
      points.length >= MIN_POINTS &&
      points.length <= MAX_POINTS &&
      points.every(isPoint);
    if (name === '' || typeof source !== 'string' || !isRight) {
      throw new TypeError(
        `Expected zone \`${name}\` to have a name, at will \`source\`, and \`points\`: ${MIN_POINTS} to ${MAX_POINTS} pairs [x, y] from 0 to 1`,
      );
    }
    // One look at each object, however many subscriptions ask for the zone.
    const looks = new WeakMap<Detection, FrameSize & { readonly isIn: boolean }>();
    const isIn = (detection: Detection, { width, height }: FrameSize): boolean => {
      const known = looks.get(detection);
      if (known?.width === width && known.height === height) {
        return known.isIn;
      }
      const { box } = detection;
      const look = isInside(points, (box.xmin + box.xmax) / 2 / width, box.ymax / height);
      looks.set(detection, { width, height, isIn: look });
      return look;
    };
    return {
      ...{ name, source, points },
      contains: (of, detection, size) => matchesGlob(source, of) && isIn(detection, size),
    };
  });
}

function isPoint(point: unknown): boolean {
  return (
    Array.isArray(point) &&
    point.length === 2 &&
    point.every((value) => typeof value === 'number' && value >= 0 && value <= 1)
  );
}

/** Even-odd rule: a ray to the right crosses the outline an odd number of times. */
function isInside(points: ZoneInfo['points'], x: number, y: number): boolean {
  let isIn = false;
  let [xBefore, yBefore] = points.at(-1) ?? [0, 0];
  for (const [xNow, yNow] of points) {
    if (yNow > y !== yBefore > y) {
      const crossing = xNow + ((y - yNow) / (yBefore - yNow)) * (xBefore - xNow);
      isIn = x < crossing ? !isIn : isIn;
    }
    [xBefore, yBefore] = [xNow, yNow];
  }
  return isIn;
}
