/** What crosses between a detector's worker and the thread that owns it. */
import { PipelineError } from '../../core/errors.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type {
  DecodeOptions,
  Detector,
  DetectorOptions,
  ModelInfo,
  ObjectTokens,
  Prompt,
  RespondOptions,
  TensorData,
  TokenSequence,
} from '../../core/types.ts';

/** Given to the worker when it starts. */
export interface WorkerStart {
  readonly options: DetectorOptions;
}

/** What the owner asks for; `call` numbers the answer. `features` are numbered by the encode call. */
export type Request =
  | { readonly op: 'encode'; readonly call: number; readonly image: Uint8Array }
  | {
      readonly op: 'decode';
      readonly call: number;
      readonly features: number;
      readonly options: DecodeOptions | undefined;
      readonly wantsObjects: boolean;
      readonly isAborted: boolean; // before it was asked; later an `abort` says so
    }
  | {
      readonly op: 'respond';
      readonly call: number;
      readonly features: number;
      readonly prompts: readonly Prompt[];
      readonly options: RespondOptions | undefined;
      readonly isAborted: boolean;
    }
  | { readonly op: 'read'; readonly call: number; readonly features: number }
  | { readonly op: 'abort'; readonly call: number }
  | { readonly op: 'release'; readonly features: number }
  | { readonly op: 'close'; readonly call: number };

/** Those that may be called off. */
export type Abortable = Extract<Request, { readonly op: 'decode' | 'respond' }>;

/** The answer to each request that has one. */
export type Result =
  | { readonly encodeMs: number }
  | TokenSequence
  | readonly Int32Array[]
  | Readonly<Record<string, TensorData>>
  | undefined;

/** What the worker says. */
export type Reply =
  | {
      readonly type: 'ready';
      readonly model: ModelInfo;
      readonly device: Detector['device'];
      readonly warmUpMs: number; // the first frame's
    }
  | { readonly type: 'unable'; readonly error: PlainError }
  | { readonly type: 'object'; readonly call: number; readonly object: ObjectTokens }
  | { readonly type: 'alive'; readonly call: number } // a long call goes on
  | { readonly type: 'done'; readonly call: number; readonly result: Result }
  | { readonly type: 'failed'; readonly call: number; readonly error: PlainError };

/** An error as data: structured cloning keeps neither class nor code. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code?: ErrorCode;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Turns an error into data. */
export function toPlain(error: Error): PlainError {
  const { name, message, stack } = error;
  return error instanceof PipelineError
    ? { name, message, stack, code: error.code, details: error.details }
    : { name, message, stack };
}

/** Turns data back into the error it was, as far as callers can tell. */
export function fromPlain({ name, message, stack, code, details }: PlainError): Error {
  const kind = name === 'TypeError' ? TypeError : name === 'RangeError' ? RangeError : Error;
  const error =
    code === undefined
      ? new kind(message)
      : new PipelineError(code, message, details === undefined ? {} : { details });
  if (stack !== undefined) {
    error.stack = stack;
  }
  return error;
}
