/** What is said of a video that is no good, in one line each. */
import { PipelineError } from '../../../models/core/errors.ts';

/** FFmpeg's words that a user would not understand, and what they mean. Only the words depend on it. */
const MEANINGS: readonly (readonly [said: string, meaning: string])[] = [
  ['matches no streams', 'has no video track'],
  [
    'moov atom not found',
    'cannot be read as video: it is cut short, or no MP4 (its index, the moov atom, is missing)',
  ],
  [
    'hardware accelerated AV1 decoding',
    'is AV1, which the built-in FFmpeg cannot decode; install FFmpeg (the `ffmpeg` program)',
  ],
];

/**
 * A source of which no picture could be read.
 * @param name the source as messages name it   @param problem what FFmpeg said first, where it said something
 */
export function unreadableVideo(name: string, problem?: string, cause?: Error): PipelineError {
  const said = problem ?? 'it holds no frame';
  const [, meaning = `cannot be read as video: ${said}`] =
    MEANINGS.find(([words]) => said.includes(words)) ?? [];
  return new PipelineError('ERR_VIDEO_OPEN', `${name} ${meaning}`, { cause });
}

/** Where damage was found: behind the last picture before it. */
export interface DamagePlace {
  /** Its media time, and its number in the source. */
  readonly seconds: number;
  readonly index: number;
  /** Frames that were given out. */
  readonly numFrames: number;
}

/** A video that is damaged or cut short. */
export function damagedVideo(
  name: string,
  fact: string,
  { seconds, index, numFrames }: DamagePlace,
  cause?: Error,
): PipelineError {
  return new PipelineError(
    'ERR_VIDEO_DECODE',
    `${name} is damaged or cut short after second ${seconds.toFixed(2)} (frame ${index}): ${fact}`,
    { cause, details: { seconds, numFrames } },
  );
}

/** A video of which some pictures are damaged, and all are there. */
export function repairedVideo(
  name: string,
  numRepaired: number,
  { seconds, numFrames }: Omit<DamagePlace, 'index'>,
): PipelineError {
  const some = numRepaired === 1 ? 'one damaged picture' : `${numRepaired} damaged pictures`;
  return new PipelineError(
    'ERR_VIDEO_DECODE',
    `${name} has ${some}, from about second ${seconds.toFixed(2)} on, which the decoder repaired as well as it could`,
    { details: { seconds, numFrames, numRepaired } },
  );
}

/** Says that a decoder was ended from outside, or by a fault of its own. */
export function endedEarly(signal: string): string {
  return `the decoder was ended by ${signal}`;
}
