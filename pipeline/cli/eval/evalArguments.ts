import type { DetectorOptions, Device, Reuse } from '../../../models/index.ts';
import type { DetectConfig } from '../../../operators/index.ts';
import type { CocoFileOptions } from './cocoFile.ts';

/** Options of `eval`, as commander gives them. */
export interface EvalFlags {
  readonly images: string;
  readonly annotations: string;
  readonly split?: string;
  readonly limit: number;
  readonly pan?: number;
  readonly json?: boolean;
  readonly model: string;
  readonly device: Device;
  readonly threads?: number;
  readonly conf: number;
  readonly maxObjects: number;
  readonly reuse?: Reuse;
  readonly topP: number;
  readonly eosOffset?: number;
  readonly noiseThreshold?: number;
  readonly noisePatience?: number;
  readonly quiet?: boolean;
}

/** Arguments of `eval`. */
export interface EvalArguments {
  readonly pictures: CocoFileOptions;
  readonly detector: DetectorOptions;
  readonly detect: DetectConfig & { readonly reuse: Reuse };
  /** Frames of the clip that each picture becomes; 0 for the picture as it is. */
  readonly pan: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/**
 * Turns the flags of `eval` into arguments.
 * @throws RangeError where something is asked for that would do nothing
 */
export function evalArguments(flags: EvalFlags): EvalArguments {
  const { images, annotations, split, limit, pan = 0, json = false, quiet = false } = flags;
  const { model, device, threads, conf, maxObjects, topP } = flags;
  const { eosOffset, noiseThreshold, noisePatience } = flags;
  const { reuse = 'refine' } = flags;
  if (pan === 0 && reuse !== 'off' && reuse !== 'refine') {
    throw new RangeError(
      `\`--reuse ${reuse}\` needs \`--pan\`: single pictures have no previous frame`,
    );
  }
  return {
    pictures: { images, annotations, split, limit },
    detector: { model, device, ...(threads === undefined ? {} : { threads }) },
    detect: {
      minScore: conf,
      maxObjects,
      topP,
      reuse,
      ...(eosOffset === undefined ? {} : { eosOffset }),
      ...(noiseThreshold === undefined ? {} : { noiseThreshold }),
      ...(noisePatience === undefined ? {} : { noisePatience }),
    },
    pan,
    json,
    quiet,
  };
}
