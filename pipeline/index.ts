export * from '../models/index.ts';
export * from '../operators/index.ts';
export { createPipeline } from './createPipeline.ts';
export type { Pipeline, PipelineOptions, PipelineSource } from './createPipeline.ts';
export { DEMO_CLIP, openSource } from './openSource.ts';
export type { OpenSourceOptions, SourceFacts } from './openSource.ts';
export { createDetectionServer } from '../server/index.ts';
export type { DetectionServer, ServerOptions } from '../server/index.ts';
