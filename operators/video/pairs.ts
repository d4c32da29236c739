import { invariant } from '../../models/errors.ts';
import type { FrameLine } from './ffmpegLog.ts';

/**
 * Puts FFmpeg's lines and pictures together. Both come in the order of the frames, each through its
 * own pipe, and either may be ahead.
 */
export class Pairs<L extends FrameLine = FrameLine> {
  /** Lines whose picture has not come yet, and pictures whose line has not: one of the two is empty. */
  readonly #lines: L[] = [];
  readonly #slots: number[] = [];

  /** Lines that wait for their picture. */
  get numLines(): number {
    return this.#lines.length;
  }

  addLine(line: L): void {
    this.#lines.push(line);
  }

  addPicture(slot: number): void {
    this.#slots.push(slot);
  }

  /** @returns the next frame's line and slot, where both are there */
  take(): { readonly line: L; readonly slot: number } | undefined {
    if (this.#lines.length === 0 || this.#slots.length === 0) {
      return undefined;
    }
    const line = this.#lines.shift();
    const slot = this.#slots.shift();
    invariant(line !== undefined && slot !== undefined, 'a line and a picture make a frame');
    return { line, slot };
  }

  /** @returns the slots of pictures whose line never came, which nobody else knows of */
  leave(): readonly number[] {
    return this.#slots.splice(0);
  }
}
