/** The codes of every `PipelineError`; each is a heading in the README. */
export type ErrorCode =
  | 'ERR_VIDEO_OPEN'
  | 'ERR_VIDEO_DECODE'
  | 'ERR_MODEL_LOAD'
  | 'ERR_MODEL_CONTRACT'
  | 'ERR_MODEL_RUN'
  | 'ERR_CHECKPOINT'
  | 'ERR_DOWNLOAD'
  | 'ERR_TOKEN_RANGE'
  | 'ERR_WORKER_EXIT'
  | 'ERR_BUFFER_FULL'
  | 'ERR_FRAME_CLOSED'
  | 'ERR_ANNOTATIONS'
  | 'ERR_OUTPUT'
  | 'ERR_SERVER_LISTEN'
  | 'ERR_CLIENT_PROTOCOL'
  | 'ERR_CLIENT_SLOW';

/** What a `PipelineError` may carry beside its message. */
export interface PipelineErrorOptions {
  readonly cause?: unknown;
  /** Small facts for programs: a time in seconds, tensor names, dims. Never pixels. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * Says that something outside the program's control went wrong: a file, a model, a peer.
 * The message is one line with the fact and the way out; `code` is stable.
 */
export class PipelineError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: PipelineErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'PipelineError';
    this.code = code;
    this.details = options.details ?? {};
  }
}

/**
 * Turns whatever was thrown into an `Error`.
 * @returns the value itself where it is one already
 */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/**
 * Says that a fact this code relies on does not hold, which is a fault of this package.
 * @param fact what was assumed, in words
 */
export function invariant(condition: unknown, fact: string): asserts condition {
  if (!condition) {
    throw new Error(`Broken invariant: ${fact}`);
  }
}
