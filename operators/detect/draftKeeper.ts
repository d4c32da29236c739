import { DECODE_OPTIONS } from '../../models/core/decodeOptions.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { pickOptions, resolveOptions } from '../../models/core/resolveOptions.ts';
import { expectKnownKeys } from '../../models/core/validate.ts';
import type {
  DecodeOptions,
  Frame,
  FrameInfo,
  Reuse,
  TokenSequence,
} from '../../models/core/types.ts';
import { NO_DRAFT, nextDraft, objectIdsOf } from './nextDraft.ts';
import type { NextDraftConfig } from './nextDraft.ts';

/** Points across and down at which two pictures are compared. */
const GRID = 16;
/** Mean difference of these points, of 255, from which on a picture is of another scene. */
const SCENE_CUT = 32;
/** Frames after which `sticky` and `tolerant` read one as `refine` does, so that what they keep cannot grow old. */
const REFRESH_FRAMES = 30;

const OPTIONS: OptionTable<Pick<DecodeOptions, 'reuse' | 'budgetMs'>> = {
  reuse: DECODE_OPTIONS.reuse,
  budgetMs: DECODE_OPTIONS.budgetMs,
};

/** The draft of one frame, and how it is used. */
export interface OpenDraft {
  readonly draft: Int32Array; // [5n]
  readonly reuse: Reuse;
  /** To be called with what was read. @returns the number of each object, the same from frame to frame */
  keep(sequence: TokenSequence): Int32Array;
}

/**
 * Remembers the last tokens that were read, and decides whether they may be the next frame's draft:
 * not after a change of source or size, a step back in time (a seek, a loop), or a scene cut.
 */
export class DraftKeeper {
  readonly #reuse: Reuse;
  readonly #config: NextDraftConfig;
  #last:
    | {
        readonly info: Pick<FrameInfo, 'source' | 'pts' | 'width' | 'height'>;
        readonly points: Uint8Array;
      }
    | undefined;
  #draft = NO_DRAFT;
  #lastObjectId = 0;
  #numDrafted = 0;
  /** How often the past was forgotten. */
  #numForgotten = 0;

  /** @param options how frames are read; where they have a time budget, the most certain objects go first */
  constructor(options: Pick<DecodeOptions, 'reuse' | 'budgetMs'> = {}) {
    expectKnownKeys('DraftKeeper', options, Object.keys(DECODE_OPTIONS)); // those that frames are read with
    const own = pickOptions(OPTIONS, options);
    const { reuse, budgetMs } = resolveOptions('DraftKeeper', OPTIONS, own);
    this.#reuse = reuse;
    const isGuess = reuse !== 'sticky' && reuse !== 'tolerant';
    this.#config = { isGuess, sorts: budgetMs > 0 };
  }

  /** Looks at a frame before it is read; its pixels must be open. */
  open(frame: Frame): OpenDraft {
    const points = pointsOf(frame.image);
    const before = this.#continues(frame, points) ? this.#draft : NO_DRAFT;
    this.#numDrafted = before.objectIds.length === 0 ? 0 : this.#numDrafted + 1;
    const isDue = !this.#config.isGuess && this.#numDrafted > REFRESH_FRAMES;
    if (isDue) {
      this.#numDrafted = 0;
    }
    const { source, pts, width, height } = frame;
    const opened = this.#numForgotten;
    return {
      draft: before.tokens,
      reuse: isDue ? 'refine' : this.#reuse,
      keep: (sequence) => {
        const objectIds = objectIdsOf(sequence, before, this.#lastObjectId);
        this.#lastObjectId = Math.max(this.#lastObjectId, ...objectIds);
        this.#draft = nextDraft(sequence, before, objectIds, this.#config);
        if (opened === this.#numForgotten) {
          this.#last = { info: { source, pts, width, height }, points };
        }
        return objectIds;
      },
    };
  }

  /** Begins anew: what comes is not the next frame. */
  forget(): void {
    this.#last = undefined;
    this.#numForgotten += 1;
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
