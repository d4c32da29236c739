/** The door to `@ffmpeg/ffmpeg`: FFmpeg as WebAssembly, in a worker thread, with nothing to install. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FFmpeg } from '@ffmpeg/ffmpeg';
import { PipelineError, toError } from '../../models/errors.ts';
import { siblingModule } from '../../models/index.ts';
import type { DecoderEvents, DecoderRequest, RunningDecoder } from './decoder.ts';
import { isUrl } from './sources.ts';
import type { PictureMessage, WasmStart } from './wasmWorker.ts';

const FOLDER = '/host';

type FFmpegClass = new () => FFmpeg;
type MountType = Parameters<FFmpeg['mount']>[0];

/**
 * Starts FFmpeg's WebAssembly build.
 * Back-pressure: the worker blocks inside FFmpeg's write while no slot is free.
 * @throws PipelineError ERR_VIDEO_OPEN for network addresses, which WebAssembly cannot reach
 */
export function startWasm(request: DecoderRequest, events: DecoderEvents): RunningDecoder {
  if (typeof request.input === 'string' && isUrl(request.input)) {
    throw new PipelineError(
      'ERR_VIDEO_OPEN',
      `The built-in decoder reads files only, not ${request.input}; install FFmpeg (the \`ffmpeg\` program) for network sources`,
    );
  }
  const state: { stopped: boolean; worker?: Worker } = { stopped: false };
  void run(request, events, state).then(
    (code) => !state.stopped && events.onEnd(code),
    (thrown) => !state.stopped && events.onEnd(1, toError(thrown)),
  );
  return {
    stop() {
      state.stopped = true;
      void state.worker?.terminate();
    },
  };
}

async function run(
  request: DecoderRequest,
  events: DecoderEvents,
  state: { stopped: boolean; worker?: Worker },
): Promise<number> {
  const { resolve: find } = createRequire(import.meta.url);
  const [FFmpegForBrowsers, wasm] = await Promise.all([
    loadClass(),
    readFile(find('@ffmpeg/core/wasm')).then((bytes) => WebAssembly.compile(bytes)),
  ]);
  if (state.stopped) {
    return 0;
  }
  const { input, slots } = request;
  const stdinHead = typeof input === 'string' ? undefined : input.head;
  const start: WasmStart = { slots: slots.shared, wasm, stdinHead };
  const ffmpeg = new FFmpegForBrowsers();
  ffmpeg.on('log', ({ message }) => {
    if (!state.stopped) {
      events.onLine(message);
    }
  });
  const { thread, asWebWorker, failed } = startWorker(start, ({ picture }) => {
    if (!state.stopped) {
      events.onPicture(picture);
    }
  });
  state.worker = thread;
  const loaded = withGlobalWorker(asWebWorker, () =>
    ffmpeg.load({ coreURL: pathToFileURL(find('@ffmpeg/core')).href }),
  );
  try {
    return await Promise.race([failed, loaded.then(() => execute(ffmpeg, request))]);
  } finally {
    await thread.terminate();
  }
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
    ...['-hide_banner', '-nostats', '-v', 'repeat+level+info'],
    ...request.inputOptions,
    ...['-i', source],
    ...request.outputOptions,
    ...['-fps_mode', 'passthrough', 'file:/dev/pictures'],
  ]);
}

/** The class itself: the package's main door is closed to Node, but its worker's folder is open. */
async function loadClass(): Promise<FFmpegClass> {
  const url = new URL('./classes.js', import.meta.resolve('@ffmpeg/ffmpeg/worker'));
  const module = (await import(url.href)) as { FFmpeg: FFmpegClass };
  return module.FFmpeg;
}

/** A worker thread that looks to the FFmpeg class like a browser's Worker. */
function startWorker(
  start: WasmStart,
  onPicture: (message: PictureMessage) => void,
): { readonly thread: Worker; readonly asWebWorker: object; readonly failed: Promise<never> } {
  const thread = new Worker(siblingModule(import.meta.url, './wasmWorker'), { workerData: start });
  const asWebWorker = {
    onmessage: undefined as ((event: { data: unknown }) => void) | undefined,
    postMessage: (message: unknown) => thread.postMessage(message),
    terminate: () => void thread.terminate(),
  };
  thread.on('message', (data: PictureMessage | { type: string }) => {
    if ('picture' in data) {
      onPicture(data);
    } else {
      asWebWorker.onmessage?.({ data });
    }
  });
  const failed = new Promise<never>((_, reject) => thread.on('error', reject));
  failed.catch(() => undefined); // heard of where the run waits for it
  return { thread, asWebWorker, failed };
}

/** Lets the FFmpeg class find the worker where it looks for one; only while `work` runs. */
function withGlobalWorker<T>(asWebWorker: object, work: () => T): T {
  const scope = globalThis as { Worker?: unknown };
  const before = scope.Worker;
  scope.Worker = function WebWorker() {
    return asWebWorker;
  };
  try {
    return work();
  } finally {
    scope.Worker = before;
  }
}
