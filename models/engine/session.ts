/**
 * The door to onnxruntime-node: the only file that imports it. Opens graphs, describes their inputs
 * and outputs, runs them, and turns its failures into errors that name tensors and shapes.
 */
import { existsSync, readdirSync } from 'node:fs';
import * as ort from 'onnxruntime-node';
import { PipelineError, toError } from '../core/errors.ts';
import type { Device, TensorData } from '../core/types.ts';

/** A tensor of onnxruntime; freed by the garbage collector on the CPU. */
export type Tensor = ort.Tensor;
/** Tensors by name. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Name, element type and shape of one input or output; symbolic axes are strings. */
export interface TensorSpec {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** How a graph is opened. */
export interface SessionOptions {
  readonly device: Exclude<Device, 'auto'>;
  /** Threads of one run. */
  readonly threads: number;
}

/** One opened graph. */
export interface Session {
  readonly file: string;
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /**
   * Runs the graph once. Blocks this thread while it computes (onnxruntime #19611).
   * @throws PipelineError ERR_MODEL_RUN with names, types and dims of the feeds
   */
  run(feeds: Tensors): Promise<Tensors>;
  /** Frees the graph. Idempotent. */
  release(): Promise<void>;
}

/**
 * Opens one ONNX file on one execution provider.
 * @throws PipelineError ERR_MODEL_LOAD
 */
export async function openSession(file: string, options: SessionOptions): Promise<Session> {
  const inner = await createInner(file, options);
  let released = false;
  return {
    file,
    inputs: inner.inputMetadata.map(toSpec),
    outputs: inner.outputMetadata.map(toSpec),
    async run(feeds) {
      try {
        return await inner.run(feeds);
      } catch (thrown) {
        const facts = Object.entries(feeds).map(
          ([name, t]) => `${name} ${t.type}[${t.dims.join()}]`,
        );
        throw new PipelineError('ERR_MODEL_RUN', `${file} failed: ${firstLine(thrown)}`, {
          cause: thrown,
          details: { feeds: facts },
        });
      }
    },
    async release() {
      if (!released) {
        released = true;
        await inner.release();
      }
    },
  };
}

/**
 * The devices worth trying on this machine for `auto`, best first; `cpu` is always the last.
 * On Linux a GPU counts where the kernel shows one: a software Vulkan driver would open as well, and
 * be a hundred times slower than the CPU.
 */
export function candidateDevices(): readonly Exclude<Device, 'auto'>[] {
  const offered = new Set<string>(ort.listSupportedBackends().map(({ name }) => name));
  const order = ['cuda', 'dml', 'coreml', 'webgpu'] as const;
  return [...order.filter((name) => offered.has(name) && hasHardware(name)), 'cpu'];
}

/** Makes an int64 tensor of token ids or positions. */
export function int64Tensor(values: readonly number[], dims: readonly number[]): Tensor {
  return new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
}

/** Makes a float32 tensor over the given memory, which is borrowed. */
export function float32Tensor(data: Float32Array, dims: readonly number[]): Tensor {
  return new ort.Tensor('float32', data, dims);
}

/** Makes a uint8 tensor over the given memory, which is borrowed; it must not be shared memory. */
export function uint8Tensor(data: Uint8Array, dims: readonly number[]): Tensor {
  return new ort.Tensor('uint8', data, dims);
}

/**
 * The float32 contents of an output.
 * @throws PipelineError ERR_MODEL_CONTRACT where it is of another type
 */
export function float32Data(tensors: Tensors, name: string): Float32Array {
  const data = tensors[name]?.data;
  if (data instanceof Float32Array) {
    return data;
  }
  throw new PipelineError(
    'ERR_MODEL_CONTRACT',
    `Expected output \`${name}\` to be float32, got ${tensors[name]?.type ?? 'no such output'}`,
  );
}

/**
 * Puts the tensors of several frames side by side along their first axis, name by name.
 * @param frames with the same names, types and further axes, float32
 */
export function concatTensors(frames: readonly Tensors[]): Tensors {
  const [first = {}] = frames;
  return Object.fromEntries(
    Object.entries(first).map(([name, { dims }]) => {
      const parts = frames.map((frame) => float32Data(frame, name));
      const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
      parts.reduce((offset, part) => (all.set(part, offset), offset + part.length), 0);
      const numFrames = frames.reduce((sum, frame) => sum + (frame[name]?.dims[0] ?? 0), 0);
      return [name, float32Tensor(all, [numFrames, ...dims.slice(1)])];
    }),
  );
}

/** Takes the frames of a batch apart again, name by name. @returns one set of tensors a frame; views */
export function splitTensors(batch: Tensors, numFrames: number): Tensors[] {
  return Array.from({ length: numFrames }, (_, b) =>
    Object.fromEntries(
      Object.keys(batch).map((name) => {
        const all = float32Data(batch, name);
        const length = all.length / numFrames;
        const dims = [1, ...(batch[name]?.dims.slice(1) ?? [])];
        return [name, float32Tensor(all.subarray(b * length, (b + 1) * length), dims)];
      }),
    ),
  );
}

/** Copies a tensor's contents out. */
export function tensorData(tensor: Tensor): TensorData {
  const data = tensor.data as ArrayBufferView & { slice(): ArrayBufferView };
  return { type: tensor.type, dims: [...tensor.dims], data: data.slice() };
}

async function createInner(
  file: string,
  { device, threads }: SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(file, {
      executionProviders: [device],
      executionMode: 'sequential',
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3, // errors only: fall-backs of single operators to the CPU are no news
    });
  } catch (thrown) {
    throw new PipelineError(
      'ERR_MODEL_LOAD',
      `Cannot open ${file} on ${device}: ${firstLine(thrown)}${wayOut(device)}`,
      { cause: thrown, details: { device } },
    );
  }
}

function wayOut(device: string): string {
  const install =
    device === 'cuda' ? 'install onnxruntime-node with ONNXRUNTIME_NODE_INSTALL=cuda12, or ' : '';
  return device === 'cpu'
    ? ''
    : `; ${install}use device \`cpu\`, or \`auto\` for the best that opens`;
}

function toSpec(meta: ort.InferenceSession.ValueMetadata): TensorSpec {
  return meta.isTensor
    ? { name: meta.name, type: meta.type, shape: meta.shape }
    : { name: meta.name, type: 'no tensor', shape: [] };
}

function firstLine(thrown: unknown): string {
  return toError(thrown).message.split('\n')[0] ?? '';
}

function hasHardware(device: string): boolean {
  if (process.platform !== 'linux') {
    return true;
  }
  if (device === 'cuda') {
    return existsSync('/dev/nvidiactl');
  }
  return (
    existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('render'))
  );
}
