import { availableParallelism } from 'node:os';
import type { StopRule } from '../engine/decode/stopping.ts';
import type { DetectorOptions } from '../core/types.ts';

/** Defaults of {@link DetectorOptions} that depend on the machine. */
export const MACHINE_DEFAULTS: Readonly<Required<Pick<DetectorOptions, 'threads'>>> = Object.freeze(
  { threads: Math.min(4, availableParallelism()) },
);

/** What only a detector in this thread can take: rules are code, and code does not cross threads. */
export interface LocalDetectorOptions extends DetectorOptions {
  /** Stop rules beside those of the decode options. Default none. */
  readonly rules?: readonly StopRule[];
}
