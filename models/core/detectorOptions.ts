import type { OptionTable } from './options.ts';

/** All of `Device`. */
export const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
/** Execution provider of onnxruntime, or `auto` for the best that opens. */
export type Device = (typeof DEVICES)[number];

/** Name of the model inside the package. */
export const BUNDLED_MODEL = 'nano';

/** Which model is opened, and where it runs. */
export interface DetectorOptions {
  /** `nano` for the bundled model, or a model folder. Default `nano`. */
  readonly model?: string;
  /** Execution provider; `auto` takes the best that opens. Default `auto`. */
  readonly device?: Device;
  /** Threads of the encoder, 1 or more. Default: the cores, 4 at most. */
  readonly threads?: number;
  /** Frames of different sources that are computed side by side at the most, 1 to 32. Default 1. */
  readonly batch?: number;
}

/** The table of {@link DetectorOptions}. */
export const DETECTOR_OPTIONS: OptionTable<DetectorOptions> = {
  model: {
    type: 'text',
    default: BUNDLED_MODEL,
    flag: '--model <dir|name>',
    help: 'model folder, or the bundled model',
  },
  device: {
    type: 'choice',
    values: DEVICES,
    default: 'auto',
    flag: '--device <device>',
    help: 'where the model runs',
  },
  threads: {
    type: 'integer',
    min: 1,
    defaultText: 'the cores, 4 at most',
    flag: '--threads <n>',
    help: 'threads of the encoder',
  },
  batch: {
    type: 'integer',
    min: 1,
    max: 32,
    default: 1,
    flag: '--batch <n>',
    help: 'frames of different sources computed side by side',
  },
};
