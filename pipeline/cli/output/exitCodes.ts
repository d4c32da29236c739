import { PipelineError } from '../../../models/core/errors.ts';
import type { ErrorCode } from '../../../models/core/errors.ts';
import { fileProblem } from '../../../models/core/fileProblem.ts';

/** What the program's exit code says. */
export const EXIT: Readonly<
  Record<'done' | 'failed' | 'usage' | 'unopened' | 'interrupted', number>
> = Object.freeze({
  done: 0,
  /** Something failed while running. */
  failed: 1,
  /** The arguments were wrong. */
  usage: 2,
  /** The source, the annotations or the model could not be opened. */
  unopened: 3,
  /** The user pressed Ctrl-C. */
  interrupted: 130,
});

const UNOPENED: readonly ErrorCode[] = [
  'ERR_VIDEO_OPEN',
  'ERR_ANNOTATIONS',
  'ERR_MODEL_LOAD',
  'ERR_MODEL_CONTRACT',
  'ERR_CHECKPOINT',
  'ERR_DOWNLOAD',
];

/** The exit code that an error asks for. */
export function exitCodeOf(error: Error): number {
  if (error instanceof PipelineError) {
    return UNOPENED.includes(error.code) ? EXIT.unopened : EXIT.failed;
  }
  return error instanceof TypeError || error instanceof RangeError ? EXIT.usage : EXIT.failed;
}

/** An error as one line for standard error. */
export function errorLine(error: Error, verbose: boolean): string {
  const code = error instanceof PipelineError ? ` [${error.code}]` : '';
  const line = `pix2seq-stream: ${messageOf(error).replaceAll('\n', ' ')}${code}\n`;
  return verbose ? `${line}${error.stack ?? ''}\n` : line;
}

/** What the system says of a file or a program that nobody else has put into words. */
function messageOf(error: Error): string {
  const { syscall, path } = error as NodeJS.ErrnoException;
  const what = path === undefined ? syscall : `${syscall} \`${path}\``;
  return syscall === undefined ? error.message : `${what}: ${fileProblem(error)}`;
}
