export type * from './core/types.ts';
export { PipelineError, invariant, toError } from './core/errors.ts';
export type { ErrorCode, PipelineErrorOptions } from './core/errors.ts';
export {
  expectInteger,
  expectKnownKeys,
  expectNumber,
  expectOneOf,
  suggest,
} from './core/validate.ts';
export type { NumberRange } from './core/validate.ts';
export { iou } from './core/iou.ts';
export { siblingModule } from './core/siblingModule.ts';
export { BUNDLED_MODEL } from './core/detectorOptions.ts';
export { bundledImageSpec } from './format/modelFolder.ts';
export { bundledEncoder } from './detector/bareEncoder.ts';
export type { BareEncoder } from './detector/bareEncoder.ts';
export { openLocalDetector } from './detector/openLocalDetector.ts';
export type { LocalDetectorOptions } from './detector/detectorOptions.ts';
export { openDetector } from './detector/worker/openDetector.ts';
export { openSupervisedDetector } from './detector/worker/supervisedDetector.ts';
export type {
  SupervisedDetectorOptions,
  WorkerState,
} from './detector/worker/supervisedDetector.ts';
export { modelDefaults, resolveDecodeOptions } from './engine/decode/decodeOptions.ts';
export type { ResolvedDecodeOptions } from './engine/decode/decodeOptions.ts';
export { aborted, budget, maxObjects, noise, satisfied } from './engine/decode/stopping.ts';
export type { ReadObject, StopCheck, StopRule } from './engine/decode/stopping.ts';
export { toDetection, toDetections, toObjectTokens } from './engine/decode/objects.ts';
export { toCaption, toKeypoints, toPolygons } from './engine/respond/responses.ts';
export { readPieces } from './format/readPieces.ts';
export { expectTask } from './engine/respond/respondOptions.ts';
export type { SourceFrame } from './engine/decode/sourcePixels.ts';
export { dequantize, quantize } from './engine/decode/vocabulary.ts';
