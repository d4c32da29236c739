import type { Detection } from '../../models/core/types.ts';
import type { FrameMessage, ZoneInfo } from './protocol.ts';

/** The named parts of the pictures. */
export interface Zones {
  readonly names: readonly string[];
  /** Takes over the server's zones. */
  replace(zones: readonly ZoneInfo[]): void;
  /** Whether an object stands in a zone: the middle of its box's lower edge counts, as it does for the server. */
  contains(name: string, frame: FrameMessage, detection: Detection): boolean;
  /**
   * Draws the outlines of a source's zones, each with its name.
   * @param context with CSS pixels as its unit
   * @returns the names of those drawn
   */
  draw(context: CanvasRenderingContext2D, source: string): string[];
}

/** A zone of the unit square. */
interface Zone {
  readonly name: string;
  readonly source: RegExp;
  readonly points: ZoneInfo['points'];
  readonly outline: Path2D;
}

/** Asked whether points lie in a path; draws nothing. */
const geometry = document.createElement('canvas').getContext('2d');
const COLOR = '#ffd23f';

/** Starts with no zone. */
export function createZones(): Zones {
  let zones: readonly Zone[] = [];
  return {
    get names() {
      return zones.map(({ name }) => name);
    },
    replace(given) {
      zones = given.map(({ name, source, points }) => ({
        ...{ name, points, source: toPattern(source) },
        outline: outlineOf(points, 1, 1),
      }));
    },
    contains(name, { source, width, height }, { box }) {
      const zone = zones.find((one) => one.name === name && one.source.test(source));
      const x = (box.xmin + box.xmax) / 2 / width;
      return zone !== undefined && geometry !== null
        ? geometry.isPointInPath(zone.outline, x, box.ymax / height, 'evenodd')
        : false;
    },
    draw(context, source) {
      const { clientWidth, clientHeight } = context.canvas;
      const drawn = zones.filter((zone) => zone.source.test(source));
      context.font = '600 11px system-ui, sans-serif';
      context.textBaseline = 'top';
      for (const { name, points } of drawn) {
        const outline = outlineOf(points, clientWidth, clientHeight);
        context.setLineDash([6, 4]);
        context.lineWidth = 2;
        context.strokeStyle = COLOR;
        context.stroke(outline);
        context.setLineDash([]);
        context.globalAlpha = 0.12;
        context.fillStyle = COLOR;
        context.fill(outline, 'evenodd');
        context.globalAlpha = 1;
        const [[x, y] = [0, 0]] = points;
        context.strokeStyle = 'rgb(0 0 0 / 0.7)'; // keeps the name readable on a bright picture
        context.lineWidth = 3;
        context.strokeText(name, x * clientWidth + 5, y * clientHeight + 5);
        context.fillText(name, x * clientWidth + 5, y * clientHeight + 5);
      }
      return drawn.map(({ name }) => name);
    },
  };
}

function outlineOf(points: ZoneInfo['points'], width: number, height: number): Path2D {
  const path = new Path2D();
  for (const [x, y] of points) {
    path.lineTo(x * width, y * height);
  }
  path.closePath();
  return path;
}

/** `*` for any characters, `?` for one. The pattern is the server's own, so it may cost what it likes. */
function toPattern(glob: string): RegExp {
  const escaped = glob.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
