import { availableParallelism } from 'node:os';
import { BUNDLED_MODEL } from '../format/modelFolder.ts';
import type { StopRule } from '../engine/decode/stopping.ts';
import type { Device } from '../core/types.ts';
import { expectInteger, expectOneOf } from '../core/validate.ts';

const DEVICES = ['auto', 'cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;

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

/** What only a detector in this thread can take: rules are code, and code does not cross threads. */
export interface LocalDetectorOptions extends DetectorOptions {
  /** Stop rules beside those of the decode options. Default none. */
  readonly rules?: readonly StopRule[];
}

/**
 * Checks detector options.
 * @throws TypeError, RangeError
 */
export function resolveDetectorOptions(options: DetectorOptions = {}): Required<DetectorOptions> {
  const threads = options.threads ?? Math.min(4, availableParallelism());
  return {
    model: options.model ?? BUNDLED_MODEL,
    device: expectOneOf('device', options.device ?? 'auto', DEVICES),
    threads: expectInteger('threads', threads, { min: 1 }),
    batch: expectInteger('batch', options.batch ?? 1, { min: 1, max: 32 }),
  };
}
