import { resolve } from 'node:path';
import { Type } from 'typebox';
import type { TObject } from 'typebox';
import type { Observable } from 'rxjs';
import type { Frame } from '../../models/index.ts';
import { expectAddress } from '../../models/core/address.ts';
import { maskFor } from '../../models/core/secrets.ts';
import type { Mask } from '../../models/core/secrets.ts';
import { SOURCE_NAME_PATTERN, SOURCE_NAME_RULE } from '../../models/core/sourceName.ts';
import {
  isLiveSource,
  isOwnDescriptor,
  maskedAddress,
  maskOf,
  pathOf,
} from '../../operators/index.ts';
import type { LiveSource } from '../../operators/index.ts';
import type { OptionTable } from '../../models/core/options.ts';
import { findProblem } from '../../models/core/schemaProblem.ts';
import { schemaOf } from '../options/schemaOf.ts';

/** Frames from the caller's own code. */
export type FrameSource = Observable<Frame> | AsyncIterable<Frame>;

/** One video source of a pipeline. */
export interface PipelineSource {
  /**
   * Name under which subscribers know it, unique in the pipeline: 1 to 128 characters, without control characters and
   * `://`, and not `.` or `..`.
   */
  readonly name: string;
  /**
   * A video, a picture, a folder or a glob of pictures, which play at their own speed and end; a live
   * address or a typed live source, which plays as it comes and is connected anew for ever; or frames
   * of one's own, which are taken over and closed, as they come. Those have the model's size
   * (`detector.model.image`). They are asked for again when a paused source is resumed.
   */
  readonly source: string | URL | LiveSource | FrameSource;
  /** Start again at the end, for ever. Video files only. Default false. */
  readonly loop?: boolean | undefined;
  /** Look at every n-th frame only; not for frames of one's own. Default: the pipeline's. */
  readonly stride?: number | undefined;
  /** End after so many frames; 0 for all; not for frames of one's own. Default: the pipeline's. */
  readonly maxFrames?: number | undefined;
  /** Live sources only: without a frame for so long it has stalled, seconds. Default: that of `fromLive`. */
  readonly stallSeconds?: number | undefined;
  /**
   * Words of the source that are told to nobody, beside those that are secret in any address; such as the key of a stream,
   * in the path. Words of less than 4 characters and the host's name are told. Default none.
   */
  readonly secrets?: readonly string[] | undefined;
  /** Do not start it yet; see `PipelineSources.resume`. Default false. */
  readonly paused?: boolean | undefined;
}

/** A source that was given as text. */
export interface TextSource extends PipelineSource {
  readonly source: string;
}

/** How a source is read, whatever it is; the rest of {@link PipelineSource} says what and where it is. */
const SOURCE_OPTIONS: OptionTable<Omit<PipelineSource, 'name' | 'source' | 'secrets'>> = {
  loop: { type: 'boolean' },
  stride: { type: 'integer', min: 1 },
  maxFrames: { type: 'integer', min: 0 },
  stallSeconds: { type: 'number', above: 0, max: 86_400, unit: 's' },
  paused: { type: 'boolean' },
};

/** What a source is when it comes as text, over HTTP or in a file; every `description` ends "Expected … to be". */
export const sourceSchema: TObject = Type.Object(
  {
    name: Type.String({
      pattern: SOURCE_NAME_PATTERN,
      description: SOURCE_NAME_RULE,
    }),
    source: Type.String({
      minLength: 1,
      maxLength: 4096,
      writeOnly: true,
      description: 'a file, a folder, a glob or an address',
    }),
    ...schemaOf(SOURCE_OPTIONS).properties,
  },
  { additionalProperties: false },
);

/**
 * Checks a source given from outside, as text only.
 * @throws TypeError with one line that names the field, without a secret
 */
export function parseSource(value: object): TextSource {
  const problem = findProblem('a source', sourceSchema, value);
  if (problem !== undefined) {
    throw new TypeError(problem.text);
  }
  const given = value as TextSource; // every field was held against the schema
  expectServable(given.source);
  return given;
}

/**
 * Refuses text that names no source of a server: an address that can't be meant, and standard input, which is one
 * program's and ends with it.
 * @throws TypeError with the way out, without a secret
 */
export function expectServable(source: string): void {
  expectAddress(source);
  if (isOwnDescriptor(pathOf(source))) {
    throw new TypeError(
      `\`${source}\`, standard input, is no source of a server; name a file, a named pipe or an address, or use \`detect\``,
    );
  }
}

/**
 * Checks a source given from code.
 * @throws TypeError with one line that names the field
 */
export function checkSource(given: PipelineSource): PipelineSource {
  const { source, secrets = [], ...rest } = given;
  if (!Array.isArray(secrets) || !secrets.every((word) => typeof word === 'string')) {
    throw new TypeError('Expected `secrets` of a source to be an array of texts');
  }
  const settings = Object.entries(rest).filter(([, value]) => value !== undefined);
  const isText = typeof source === 'string';
  const isOther = source instanceof URL || isFrameSource(source) || isLiveSource(source);
  parseSource({ ...Object.fromEntries(settings), source: isText || !isOther ? source : 'given' });
  return given;
}

/** A source whose path is meant relative to a folder, with the whole path; addresses stay as they are. */
export function absoluteSource(source: string, folder: string): string {
  const isPath = source !== '-' && !isLiveSource(source) && !/^[a-z][a-z0-9+.-]+:/i.test(source);
  return isPath ? resolve(folder, source) : source;
}

/** Whether a source is frames from the caller's own code. */
export function isFrameSource(source: unknown): source is FrameSource {
  return (
    typeof source === 'object' &&
    source !== null &&
    (Symbol.asyncIterator in source || ('subscribe' in source && 'pipe' in source))
  );
}

/** The name of what a source plays, for people, without its secrets; `frames` for frames of one's own. */
export function sourceText(given: PipelineSource): string {
  const { source } = given;
  return isFrameSource(source) ? 'frames' : maskOfSource(given)(maskedAddress(source));
}

/** Hides the secrets of a source in what is told of it. */
export function maskOfSource({ source, secrets = [] }: PipelineSource): Mask {
  return isFrameSource(source) ? maskFor([], secrets) : maskOf(source, secrets);
}
