/** The door to `@ffmpeg/ffmpeg`: FFmpeg as WebAssembly, in a worker thread, with nothing to install. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { FFmpeg } from '@ffmpeg/ffmpeg';
import { toError } from '../../../models/core/errors.ts';
import { siblingModule } from '../../../models/index.ts';
import type { DecodedPicture } from '../ffmpeg/decoder.ts';
import { MAX_LINE } from '../ffmpeg/lines.ts';
import type { PictureMessage, WasmStart } from './wasmWorker.ts';

type FFmpegClass = new () => FFmpeg;

/** One run of FFmpeg. */
export interface WasmJob {
  /** What the worker needs beside FFmpeg itself. */
  readonly start: Omit<WasmStart, 'wasm'>;
  /** What it logs, line by line, each no longer than `MAX_LINE`. */
  readonly onLine: (line: string) => void;
  /** Told of each picture, where pictures are decoded. */
  readonly onPicture?: (picture: DecodedPicture) => void;
  /** Tells FFmpeg what to do. @returns its exit code */
  readonly work: (ffmpeg: FFmpeg) => Promise<number>;
}

/** A run under way. */
export interface WasmRun {
  /** Ends it at once. Nothing is told any more. Idempotent. */
  stop(): void;
}

/**
 * Runs FFmpeg's WebAssembly build in a worker of its own.
 * @param onEnd told the exit code, or why it could not run, once
 */
export function runWasm(job: WasmJob, onEnd: (code: number, error?: Error) => void): WasmRun {
  const state: RunState = { stopped: false };
  void run(job, state).then(
    (code) => !state.stopped && onEnd(code),
    (thrown) => !state.stopped && onEnd(1, toError(thrown)),
  );
  return {
    stop() {
      state.stopped = true;
      void state.worker?.terminate();
    },
  };
}

interface RunState {
  stopped: boolean;
  worker?: Worker;
}

async function run({ start, onLine, onPicture, work }: WasmJob, state: RunState): Promise<number> {
  const { resolve: find } = createRequire(import.meta.url);
  const [FFmpegForBrowsers, wasm] = await Promise.all([
    loadClass(),
    readFile(find('@ffmpeg/core/wasm')).then((bytes) => WebAssembly.compile(bytes)),
  ]);
  if (state.stopped) {
    return 0;
  }
  const ffmpeg = new FFmpegForBrowsers();
  ffmpeg.on('log', ({ message }) => {
    if (!state.stopped) {
      onLine(message.slice(0, MAX_LINE));
    }
  });
  const { thread, asWebWorker, failed } = startWorker({ ...start, wasm }, ({ picture, pts }) => {
    if (!state.stopped) {
      onPicture?.({ slot: picture, pts, startedAtMs: performance.now() });
    }
  });
  state.worker = thread;
  const loaded = withGlobalWorker(asWebWorker, () =>
    ffmpeg.load({ coreURL: pathToFileURL(find('@ffmpeg/core')).href }),
  );
  try {
    return await Promise.race([failed, loaded.then(() => work(ffmpeg))]);
  } finally {
    await thread.terminate();
  }
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
  const thread = new Worker(siblingModule(import.meta.url, './wasmWorker'), {
    workerData: start,
    transferList: start.feed === undefined ? [] : [start.feed.port],
  });
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
