export * from './types.ts';
export { PipelineError, invariant, toError } from './errors.ts';
export type { ErrorCode, PipelineErrorOptions } from './errors.ts';
export { expectInteger, expectKnownKeys, expectNumber, expectOneOf, suggest } from './validate.ts';
