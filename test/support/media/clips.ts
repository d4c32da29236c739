import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Observable } from 'rxjs';
import type { Frame, FrameInfo } from '../../../models/core/types.ts';
import type { Program } from '../programs.ts';

/** The decoders; tests of one say what it needs. */
export const DECODERS = ['wasm', 'native'] as const;

/** What a test of a decoder, or encoder, needs. */
export function needsOf(decoder: 'wasm' | 'native'): readonly Program[] {
  return decoder === 'native' ? ['ffmpeg'] : [];
}

/** Colour of the square in the upper left corner of every clip. */
export const MARK = [0xc0, 0x20, 0x30] as const;

/** Path of a clip among the fixtures. */
export function clip(name: string): string {
  return fileURLToPath(new URL(`../../fixtures/clips/${name}`, import.meta.url));
}

/** What is kept of a frame that was closed. */
export interface Seen extends Pick<FrameInfo, 'source' | 'index' | 'pts' | 'width' | 'height'> {
  readonly letterbox: FrameInfo['letterbox'];
  /** Of the model's picture. */
  readonly md5: string;
}

/** What came of a source: its frames, and how it ended. */
export interface Outcome<T> {
  readonly values: readonly T[];
  readonly error: (Error & { code?: string; details?: Record<string, unknown> }) | undefined;
}

/**
 * Looks at each frame, closes it, and waits for the end.
 * @param look takes from the open frame what the test needs
 */
export function watch<T>(
  frames: Observable<Frame>,
  look: (frame: Frame) => T,
): Promise<Outcome<T>> {
  return new Promise((resolve) => {
    const values: T[] = [];
    frames.subscribe({
      next: (frame) => {
        values.push(look(frame));
        frame.close();
      },
      error: (error: Error) => resolve({ values, error }),
      complete: () => resolve({ values, error: undefined }),
    });
  });
}

/** The facts of a frame and a fingerprint of its pixels. */
export function seen(frame: Frame): Seen {
  const { source, index, pts, width, height, letterbox } = frame;
  return { source, index, pts, width, height, letterbox, md5: md5(frame.image) };
}

export function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** A rectangle in pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Mean colour of a rectangle.
 * @param data RGB rows, `stride` bytes apart   @returns [R, G, B]
 */
export function meanColor(data: Uint8Array, stride: number, region: Region): number[] {
  const sums = [0, 0, 0];
  for (let y = region.y; y < region.y + region.height; y++) {
    for (let x = region.x; x < region.x + region.width; x++) {
      for (let channel = 0; channel < 3; channel++) {
        sums[channel] = (sums[channel] ?? 0) + (data[y * stride + x * 3 + channel] ?? NaN);
      }
    }
  }
  return sums.map((sum) => sum / (region.width * region.height));
}

/** Waits until a condition holds; a test's own limit ends the wait for one that never does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise<void>((resolve) => setTimeout(resolve, 5));
  }
}
