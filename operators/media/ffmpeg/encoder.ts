/** What makes a video file of raw pictures, however FFmpeg is made available. */

/** An FFmpeg run that reads a stream of raw pictures (`rawMatroska.ts`) and writes a file. */
export interface VideoEncoder {
  /**
   * Gives it bytes. One call at a time.
   * @returns settles when they are taken, which is how its pace reaches the caller; rejects where it has ended
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the stream. @returns settles when the file is whole; rejects with what FFmpeg had to say */
  end(): Promise<void>;
  /** Ends the run at once; the file is of no use then. Idempotent. */
  stop(): void;
}

/** H.264 that every browser and player takes; a keyframe at least every so many pictures, to seek to. */
const KEYFRAME_EVERY = 60;
/** x264's constant rate factor: hardly to be told from the original, letters included. */
const QUALITY = 20;
/** Units of time in a second; all usual rates are whole numbers of them. */
const TIMESCALE = 90_000;

/** What an FFmpeg has to be told before its input. */
export const ENCODER_INPUT: readonly string[] = [
  ...['-f', 'matroska', '-probesize', '32', '-fpsprobesize', '0'], // the head says it all
];

/**
 * What an FFmpeg has to be told after its input, without the file.
 * @param preset x264's, from `ultrafast` on: the slower, the smaller the file
 */
export function encoderOutput(preset: string): readonly string[] {
  // a line less, rather than all of them blurred; one line alone is two
  const even = 'pad=max(iw\\,2):max(ih\\,2),crop=trunc(iw/2)*2:trunc(ih/2)*2:0:0';
  const scale = 'scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int';
  return [
    ...['-vf', `${even},${scale},format=yuv420p`],
    ...['-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709'],
    ...['-color_range', 'tv', '-enc_time_base', `1:${TIMESCALE}`],
    ...['-c:v', 'libx264', '-preset', preset, '-crf', `${QUALITY}`, '-g', `${KEYFRAME_EVERY}`],
    ...['-bf', '0'], // pictures out of order have offsets, which players take for damage where holes are long
    ...['-video_track_timescale', `${TIMESCALE}`, '-movflags', '+faststart', '-f', 'mp4', '-y'],
  ];
}
