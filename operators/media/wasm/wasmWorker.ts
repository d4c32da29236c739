/**
 * The worker thread in which FFmpeg's WebAssembly build runs. It gives the stock worker of
 * `@ffmpeg/ffmpeg` the few browser globals it needs under Node, and the core what it lacks: files of this
 * machine, read and written piece by piece, and a device whose writes fill the shared slots.
 */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { fileDevice, hostFileSystem, readingDevice, writingDevice } from './emscripten.ts';
import type { CoreModule } from './emscripten.ts';
import type { SharedPool } from '../frames/framePool.ts';
import { pictureSink } from '../nut/pictureSink.ts';
import { feedReader } from './wasmFeed.ts';
import type { FeedEnd } from './wasmFeed.ts';

/** Given to the worker when it starts. */
export interface WasmStart {
  readonly wasm: WebAssembly.Module;
  /** Where pictures go, for a decoder. */
  readonly pool?: SharedPool;
  /** What is read that is no file: a stream, or the pictures of an encoder. */
  readonly feed?: FeedEnd | undefined;
  /** The file that an encoder writes. */
  readonly outputFile?: string;
}

/** The worker's own message, beside those of the stock worker. */
export interface PictureMessage {
  /** The slot that is full. */
  readonly picture: number;
  /** Seconds. */
  readonly pts: number;
}

type CreateCore = (options: object) => Promise<CoreModule>;

const { pool, wasm, feed, outputFile } = workerData as WasmStart;

async function createCore(create: CreateCore, options: object): Promise<CoreModule> {
  const core = await create({
    ...options,
    instantiateWasm(
      imports: WebAssembly.Imports,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) {
      const instance = new WebAssembly.Instance(wasm, imports);
      done(instance, wasm);
      return instance.exports;
    },
  });
  core.FS.filesystems['NODEFS'] = hostFileSystem(core.FS); // a name that the FFmpeg class can mount
  if (pool !== undefined) {
    const sink = pictureSink(pool, ({ slot, pts }) => {
      parentPort?.postMessage({ picture: slot, pts } satisfies PictureMessage);
    });
    writingDevice(core.FS, '/dev/pictures', (bytes) => {
      let taken = sink.write(bytes);
      while (taken < bytes.length) {
        sink.writer.waitForSlot();
        taken += sink.write(bytes.subarray(taken));
      }
    });
  }
  if (feed !== undefined) {
    readingDevice(core.FS, '/dev/input', feedReader(feed));
  }
  if (outputFile !== undefined) {
    fileDevice(core.FS, '/dev/video', outputFile);
  }
  return core;
}

type Handler = (event: { readonly data: unknown }) => void;
const early: unknown[] = [];
let handler: Handler | undefined;

Object.assign(globalThis, {
  self: globalThis,
  location: { href: import.meta.url },
  postMessage: (message: unknown) => parentPort?.postMessage(message),
  importScripts(coreUrl: string) {
    const create = createRequire(import.meta.url)(fileURLToPath(coreUrl)) as CreateCore;
    Object.assign(globalThis, { createFFmpegCore: (o: object) => createCore(create, o) });
  },
});
Object.defineProperty(globalThis, 'onmessage', {
  get: () => handler,
  set(next: Handler) {
    handler = next;
    early.splice(0).forEach((data) => next({ data }));
  },
});
parentPort?.on('message', (data) => (handler === undefined ? early.push(data) : handler({ data })));

await import('@ffmpeg/ffmpeg/worker');
