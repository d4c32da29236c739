import { accessSync, constants, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PipelineError } from '../../models/index.ts';
import { fileProblem } from '../../models/core/fileProblem.ts';
import type { FrameAttention } from '../../operators/index.ts';

/** Longest side of the frame in each panel of the pictures, pixels. */
export const PANEL_SIDE = 480;
/** So much of a source's name, and of a label, stands in a picture's: file systems take 255 bytes in all. */
const MAX_NAME_BYTES = 110;

/** Where pictures of attention go. */
export interface AttentionFiles {
  /**
   * Writes a frame's pictures, whole, before it returns: a slow disk slows the pipeline.
   * @throws PipelineError ERR_OUTPUT
   */
  write(frame: FrameAttention): void;
}

/**
 * Makes the folder for pictures, where it is not there yet. What it holds stays, except pictures of the
 * same name.
 * @param sources names of the sources that will be drawn
 * @throws PipelineError ERR_OUTPUT; RangeError where pictures of two sources would have the same names
 */
export function openAttentionFiles(folder: string, sources: readonly string[]): AttentionFiles {
  const names = sources.map(safe);
  const twice = sources.find((_, i) => names.indexOf(names[i] ?? '') < i);
  if (twice !== undefined) {
    throw new RangeError(
      `Two sources are named ${twice}, so that their attention pictures would replace each other; ` +
        'give each a run and a folder of its own',
    );
  }
  attempt(folder, () => {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
  });
  return {
    write({ result, pictures }) {
      for (const [index, { detection, picture }] of pictures.entries()) {
        const file = join(folder, pictureName(result, index, detection.label));
        attempt(file, () => writeFileSync(file, picture));
      }
    },
  };
}

/**
 * `SOURCE-FRAME-OBJECT-LABEL.png`, such as `campus.mp4-000120-03-person.png`.
 * @param index of the object among the frame's detections
 */
export function pictureName(
  { source, frame }: { readonly source: string; readonly frame: number },
  index: number,
  label: string,
): string {
  const numbers = `${padded(frame, 6)}-${padded(index, 2)}`;
  return `${safe(source)}-${numbers}-${safe(label)}.png`;
}

function padded(value: number, numDigits: number): string {
  return String(value).padStart(numDigits, '0');
}

/** Leaves nothing that a file system, a shell or a path could take for more than a name, and not too much of it. */
function safe(text: string): string {
  const name = text.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_');
  return Buffer.from(name)
    .subarray(0, MAX_NAME_BYTES)
    .toString()
    .replace(/\uFFFD$/, '');
}

function attempt(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new PipelineError(
      'ERR_OUTPUT',
      `Cannot write attention pictures to \`${path}\`: ${fileProblem(cause)}`,
      { cause },
    );
  }
}
