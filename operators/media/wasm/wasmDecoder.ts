/** FFmpeg's WebAssembly build as a decoder. */
import { basename, dirname, resolve } from 'node:path';
import type { FFmpeg } from '@ffmpeg/ffmpeg';
import { PipelineError } from '../../../models/core/errors.ts';
import type { DecoderEvents, DecoderRequest, RunningDecoder } from '../ffmpeg/decoder.ts';
import { isUrl } from '../input/videoInput.ts';
import { feedStream } from './wasmFeed.ts';
import { runWasm } from './wasmFfmpeg.ts';

const FOLDER = '/host';

type MountType = Parameters<FFmpeg['mount']>[0];

/**
 * Starts FFmpeg's WebAssembly build.
 * Back-pressure: the worker blocks inside FFmpeg's write while no slot is free.
 * @throws PipelineError ERR_VIDEO_OPEN for network addresses, which WebAssembly cannot reach
 */
export function startWasm(request: DecoderRequest, events: DecoderEvents): RunningDecoder {
  const { input, pool } = request;
  if (typeof input === 'string' && isUrl(input)) {
    throw new PipelineError(
      'ERR_VIDEO_OPEN',
      `The built-in decoder reads files only, not ${input}; install FFmpeg (the \`ffmpeg\` program) for network sources`,
    );
  }
  const { onLine, onPicture, onEnd } = events;
  const feed = typeof input === 'string' ? undefined : feedStream(input);
  const start = { pool: pool.shared, feed };
  const work = (ffmpeg: FFmpeg): Promise<number> => execute(ffmpeg, request);
  return runWasm({ start, onLine, onPicture, work }, (code, error) =>
    onEnd({ code, ...(error === undefined ? {} : { error }) }),
  );
}

async function execute(ffmpeg: FFmpeg, request: DecoderRequest): Promise<number> {
  const { input } = request;
  let source = 'file:/dev/input';
  if (typeof input === 'string') {
    const path = resolve(input);
    await ffmpeg.createDir(FOLDER);
    await ffmpeg.mount('NODEFS' as MountType, { root: dirname(path) } as object, FOLDER);
    source = `file:${FOLDER}/${basename(path)}`;
  }
  return ffmpeg.exec([
    ...['-hide_banner', '-nostats', '-v', 'repeat+level+info', '-max_error_rate', '1'],
    ...request.inputOptions,
    ...['-i', source],
    ...request.outputOptions,
    ...['-fps_mode', 'passthrough', 'file:/dev/pictures'],
  ]);
}
