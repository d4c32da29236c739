import type { FrameMessage } from './protocol.ts';

/** What a picture shows, in words. */
export interface Sentence {
  /** Takes in the frame that is shown. @param nowMs page clock */
  show(frame: FrameMessage, nowMs: number): void;
  clear(): void;
}

/** How long a caption stands for frames that were cut off before they had their own. */
const MAX_AGE_MS = 5000;

/**
 * Keeps to the caption of the frame that is shown. Where frames are cut off before they have one, that of a frame before
 * stays for a while, so that the line does not come and go with every frame.
 * @param write gets the caption; empty where there is none
 */
export function createSentence(write: (caption: string) => void): Sentence {
  /** When the last caption came, page clock. */
  let saidAtMs = -Infinity;
  return {
    show({ caption, final }, nowMs) {
      if (caption !== undefined) {
        saidAtMs = nowMs;
        write(caption);
      } else if (final || nowMs - saidAtMs > MAX_AGE_MS) {
        write('');
      }
    },
    clear() {
      write('');
    },
  };
}
