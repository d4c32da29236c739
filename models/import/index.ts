/** Official checkpoints as models, apart from the rest: its libraries take a quarter of a second to load. */
export { openCheckpoint } from './checkpoint/tensorSource.ts';
export type { TensorInfo, TensorSource } from './checkpoint/tensorSource.ts';
export type { TensorType } from './checkpoint/tensorTypes.ts';
export { downloadCheckpoint } from './download/downloadCheckpoint.ts';
export type { DownloadOptions } from './download/downloadCheckpoint.ts';
export { importCheckpoint } from './importCheckpoint.ts';
export type { ImportOptions, ImportResult } from './importCheckpoint.ts';
