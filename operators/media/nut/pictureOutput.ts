import { filterGraph } from '../frames/filterGraph.ts';
import type { PictureRequest } from '../frames/filterGraph.ts';

/** A picture may have so many pixels, 16,384 x 8,192; a file can claim any size, and memory is taken for it. */
export const MAX_PIXELS: number = 2 ** 27;
/** Units in a second: all usual frame rates and clocks are whole numbers of them. */
const TIME_UNITS = 705_600_000;

/** What FFmpeg is told before every input. One thread: several would hold as many frames back. */
export const PICTURE_INPUT: readonly string[] = ['-threads', '1', '-max_pixels', `${MAX_PIXELS}`];

/**
 * What FFmpeg is told after its input: pictures with their times, as a NUT stream that `NutReader` reads.
 * Each is written out at once; nothing of the source's own texts comes along.
 */
export function pictureOutput(request: Omit<PictureRequest, 'stride'>): readonly string[] {
  return [
    ...['-filter_complex', filterGraph(request, 'out'), '-map', '[out]'],
    ...['-map_metadata', '-1', '-map_chapters', '-1', '-enc_time_base', `1:${TIME_UNITS}`],
    ...['-c:v', 'rawvideo', '-pix_fmt', 'rgb24', '-f', 'nut', '-flush_packets', '1'],
    ...['-write_index', '0'], // it would grow with every picture
  ];
}
