/** FFmpeg's WebAssembly build as an encoder, which has x264 inside. */
import { ENCODER_INPUT, encoderOutput } from '../ffmpeg/encoder.ts';
import type { VideoEncoder } from '../ffmpeg/encoder.ts';
import { FfmpegLog } from '../ffmpeg/ffmpegLog.ts';
import { openFeed } from './wasmFeed.ts';
import { runWasm } from './wasmFfmpeg.ts';

/** Without the processor's own instructions the others are too slow. */
const PRESET = 'ultrafast';

/**
 * Starts FFmpeg's WebAssembly build. Its memory holds one picture or two, never the file.
 * @param file is written over
 */
export function startWasmEncoder(file: string): VideoEncoder {
  let waiting: { readonly resolve: () => void; readonly reject: (why: Error) => void } | undefined;
  let failure: Error | undefined;
  let settle: (why: Error | undefined) => void = () => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    settle = (why) => {
      feed.close();
      failure ??= why ?? new Error('FFmpeg has ended');
      waiting?.reject(failure);
      if (why === undefined) {
        resolve();
      } else {
        reject(why);
      }
    };
  });
  ended.catch(() => undefined); // heard of at the next write, or at the end
  const feed = openFeed(() => waiting?.resolve());
  const log = new FfmpegLog();
  const running = runWasm(
    {
      start: { feed: feed.end, outputFile: file },
      onLine: (line) => void log.read(line),
      work: (ffmpeg) =>
        ffmpeg.exec([
          ...['-hide_banner', '-nostats', '-v', 'level+warning'],
          ...[...ENCODER_INPUT, '-i', 'file:/dev/input'],
          ...['-fps_mode', 'passthrough', '-threads', '1', ...encoderOutput(PRESET)],
          'file:/dev/video',
        ]),
    },
    (code, error) => {
      const why = error ?? new Error(log.problem ?? `FFmpeg ended (${code})`);
      settle(code === 0 ? undefined : why);
    },
  );
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        if (failure === undefined) {
          waiting = { resolve, reject };
          feed.send(bytes);
        } else {
          reject(failure);
        }
      }),
    end() {
      feed.send(null);
      return ended;
    },
    stop() {
      running.stop();
      settle(new Error('it was stopped'));
    },
  };
}
