/** The door to the `ffmpeg` program: runs it as a child and cuts its output into pictures. */
import { execFile } from 'node:child_process';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import which from 'which';
import { PipelineError, toError } from '../../../models/core/errors.ts';
import type {
  DecoderEnd,
  DecoderEvents,
  DecoderRequest,
  RunningDecoder,
} from '../ffmpeg/decoder.ts';
import { spawnGuarded } from './guardedChild.ts';
import { readLines } from '../ffmpeg/lines.ts';
import { PictureReader } from '../nut/pictureReader.ts';
import { ffmpegInput } from '../input/videoInput.ts';

/** Longest wait for the program to say which one it is, milliseconds. */
const VERSION_MS = 10_000;
/** Told to FFmpeg whatever it is to do: no questions, no counters, and failures to decode are not the end. */
const GLOBAL = '-hide_banner -nostdin -nostats -v repeat+level+info -max_error_rate 1'.split(' ');

const WAY_OUT = 'install FFmpeg, or use the built-in decoder (wasm)';

/** Where the program is on this machine, or nothing. */
export function findFfmpeg(): string | undefined {
  return which.sync('ffmpeg', { nothrow: true }) ?? undefined;
}

/** The `ffmpeg` program of this machine. */
export interface FfmpegProgram {
  readonly path: string;
  /** Major and minor; a build without a number counts as new. */
  readonly version: readonly [number, number];
}

/**
 * Looks for the program and asks it for its version.
 * @param wayOut what else the user may do, as the end of a sentence
 * @throws PipelineError ERR_VIDEO_OPEN where there is none, or none that runs
 */
export async function openFfmpeg(wayOut: string = WAY_OUT): Promise<FfmpegProgram> {
  const path = findFfmpeg();
  if (path === undefined) {
    throw noFfmpeg(wayOut);
  }
  const said = await askVersion(path).catch((cause: unknown) => {
    const [why = ''] = toError(cause).message.trim().split('\n').slice(-1);
    const fact = `The \`ffmpeg\` program at ${path} does not run (${why.slice(0, 200)}); ${wayOut}`;
    throw new PipelineError('ERR_VIDEO_OPEN', fact, { cause });
  });
  return { path, version: versionOf(said) };
}

/** Says that there is no program. */
export function noFfmpeg(wayOut: string = WAY_OUT): PipelineError {
  const fact = `There is no \`ffmpeg\` program on the PATH; ${wayOut}`;
  return new PipelineError('ERR_VIDEO_OPEN', fact);
}

/** Major and minor, from what `ffmpeg -version` prints. */
export function versionOf(said: string): readonly [number, number] {
  const [, major = '99', minor = '0'] = /^ffmpeg version n?(\d+)\.(\d+)/.exec(said) ?? [];
  return [Number(major), Number(minor)];
}

async function askVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ['-version'], {
    timeout: VERSION_MS,
    killSignal: 'SIGKILL',
  });
  return stdout;
}

/** The writer of raw pictures would hold one back for each thread more, a whole frame interval of a live source. */
const WRITE_AT_ONCE = ['-threads', '1'];

/**
 * Starts the `ffmpeg` program.
 * Back-pressure: its output is not read while no slot is free, and the pipe stops it.
 * @param program a source that starts it often keeps it
 */
export function startNative(
  request: DecoderRequest,
  events: DecoderEvents,
  program: FfmpegProgram,
): RunningDecoder {
  const { input } = request;
  const args = [
    ...GLOBAL,
    ...request.inputOptions,
    ...['-i', typeof input === 'string' ? inputName(request, input) : 'pipe:0'],
    ...request.outputOptions,
    ...[...passThrough(program), ...WRITE_AT_ONCE, 'pipe:1'],
  ];
  const { child, stop: kill } = spawnGuarded(program.path, args);
  let stopped = false;
  const end = (how: DecoderEnd): void => {
    if (!stopped) {
      stopped = true;
      events.onEnd(how);
    }
  };
  feed(child.stdin, input);
  const reader = new PictureReader(child.stdout, request.pool, {
    onPicture: events.onPicture,
    onFault: (error) => {
      end({ code: 1, error });
      kill();
    },
  });
  readLines(child.stderr, (line) => !stopped && events.onLine(line));
  child.on('error', (error) => end({ code: 1, error }));
  child.on('close', (code, signal) =>
    reader.end(() => end({ code: code ?? 1, ...(signal === null ? {} : { signal }) })),
  );
  return {
    stop() {
      stopped = true;
      reader.stop();
      kill();
    },
  };
}

/** Hands a stream on; a child that ends early is no error here. */
function feed(stdin: Writable, input: DecoderRequest['input']): void {
  stdin.on('error', () => undefined); // EPIPE: FFmpeg has seen enough, and says why on its own channel
  if (typeof input === 'string') {
    stdin.end();
    return;
  }
  input.pipe(stdin);
}

/** A live source names its input in the words of its own format: `0:none`, `desktop`. */
function inputName({ live }: DecoderRequest, input: string): string {
  return live === true ? input : ffmpegInput(input);
}

/** Frames as they are, none doubled or dropped; before FFmpeg 5.1 the option had another name. */
export function passThrough({ version: [major, minor] }: FfmpegProgram): string[] {
  const isOld = major < 5 || (major === 5 && minor < 1);
  return isOld ? ['-vsync', 'passthrough'] : ['-fps_mode', 'passthrough'];
}
