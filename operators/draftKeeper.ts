import type { Frame, FrameInfo, TokenSequence } from '../models/types.ts';

/** Points across and down at which two pictures are compared. */
const GRID = 16;
/** Mean difference of these points, of 255, from which on a picture is of another scene. */
const SCENE_CUT = 32;
/** Frames after which `sticky` reads one from nothing, so that what it keeps cannot grow old. */
const REFRESH_FRAMES = 30;

/**
 * Remembers the last tokens that were read, and decides whether they may be the next frame's draft:
 * not after a change of source or size, a step back in time (a seek, a loop), or a scene cut.
 */
export class DraftKeeper {
  readonly #refreshes: boolean;
  #last:
    | { readonly info: FrameInfo; readonly points: Uint8Array; readonly tokens: Int32Array }
    | undefined;
  #numDrafted = 0;

  /** @param refreshes whether every thirty-first frame is read from nothing */
  constructor(refreshes: boolean) {
    this.#refreshes = refreshes;
  }

  /**
   * Looks at a frame before it is read; its pixels must be open.
   * @returns the draft, empty where there is none, and what to call with the tokens that were read
   */
  open(frame: Frame): {
    readonly draft: Int32Array;
    readonly keep: (info: FrameInfo, sequence: TokenSequence) => void;
  } {
    const points = pointsOf(frame.image);
    const isDue = this.#refreshes && this.#numDrafted >= REFRESH_FRAMES;
    const draft = isDue || !this.#continues(frame, points) ? new Int32Array() : this.#last?.tokens;
    this.#numDrafted = draft === undefined || draft.length === 0 ? 0 : this.#numDrafted + 1;
    return {
      draft: draft ?? new Int32Array(),
      keep: (info, { tokens }) => {
        this.#last = { info, points, tokens };
      },
    };
  }

  #continues(frame: Frame, points: Uint8Array): boolean {
    if (this.#last === undefined) {
      return false;
    }
    const { info, points: before } = this.#last;
    const isSameSource = info.source === frame.source;
    const isSameSize = info.width === frame.width && info.height === frame.height;
    const isLater = frame.pts > info.pts;
    return isSameSource && isSameSize && isLater && difference(points, before) < SCENE_CUT;
  }
}

/** Green, which is most of brightness, at a grid of points. @param image uint8 [S, S, 3] */
function pointsOf(image: Uint8Array): Uint8Array {
  const size = Math.sqrt(image.length / 3);
  const step = size / GRID;
  return Uint8Array.from({ length: GRID * GRID }, (_, i) => {
    const x = Math.floor(((i % GRID) + 0.5) * step);
    const y = Math.floor((Math.floor(i / GRID) + 0.5) * step);
    return image[(y * size + x) * 3 + 1] ?? 0;
  });
}

function difference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}
