/** The `ffmpeg` program as an encoder: a child that reads raw pictures from its standard input. */
import { execFileSync } from 'node:child_process';
import { ENCODER_INPUT, encoderOutput } from '../ffmpeg/encoder.ts';
import type { VideoEncoder } from '../ffmpeg/encoder.ts';
import { FfmpegLog } from '../ffmpeg/ffmpegLog.ts';
import { spawnApart } from './guardedChild.ts';
import { readLines } from '../ffmpeg/lines.ts';
import { findFfmpeg, noFfmpeg, passThrough, versionOf } from './nativeDecoder.ts';
import type { FfmpegProgram } from './nativeDecoder.ts';

const PRESET = 'veryfast';

/** Longest wait for the program to say what it is and has, milliseconds. */
const ASK_MS = 10_000;

/**
 * The program on the PATH as an encoder. Asked for once, before anything runs, so that it may hold up the thread.
 * @throws PipelineError ERR_VIDEO_OPEN where there is none, or none that runs
 */
export function openEncoder(): FfmpegProgram {
  const path = findFfmpeg();
  if (path === undefined) {
    throw noFfmpeg();
  }
  return { path, version: versionOf(ask(path, ['-version'])) };
}

function ask(path: string, args: readonly string[]): string {
  const options = { encoding: 'utf8', timeout: ASK_MS, killSignal: 'SIGKILL' } as const;
  return execFileSync(path, args, { ...options, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Whether a program has x264 inside; builds under the LGPL alone have not. */
export function hasX264({ path }: FfmpegProgram): boolean {
  return / libx264 /.test(ask(path, ['-v', 'error', '-encoders']));
}

/**
 * Starts the `ffmpeg` program. It ends when this process does, and not at Ctrl-C: what is encoded is ended
 * in good order by who writes it.
 * @param file is written over
 */
export function startNativeEncoder(file: string, program: FfmpegProgram): VideoEncoder {
  const { child, stop } = spawnApart(program.path, [
    ...['-hide_banner', '-nostats', '-v', 'level+warning'],
    ...[...ENCODER_INPUT, '-i', 'pipe:0'],
    ...[...passThrough(program), ...encoderOutput(PRESET), `file:${file}`],
  ]);
  const log = new FfmpegLog();
  readLines(child.stderr, (line) => void log.read(line));
  child.stdin.on('error', () => undefined); // the callback of the write tells
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(log.problem ?? `ffmpeg ended (${signal ?? code})`)),
    );
  });
  ended.catch(() => undefined); // heard of at the next write, or at the end
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        child.stdin.write(bytes, (error) => {
          if (error) {
            ended.then(() => reject(error), reject); // why it has gone says more than that the pipe is broken
          } else {
            resolve();
          }
        });
      }),
    end() {
      child.stdin.end();
      return ended;
    },
    stop,
  };
}
