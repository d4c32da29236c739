import { concatMap, map, tap } from 'rxjs';
import type { Observable, Subscription } from 'rxjs';
import { PipelineError, openDetector, toError } from '../../../models/index.ts';
import type { Detector, Frame, FrameDetections } from '../../../models/index.ts';
import { sourceName } from '../../../models/core/sourceName.ts';
import { attentionPictures, detect, track } from '../../../operators/index.ts';
import type { FrameTask } from '../../../operators/index.ts';
import { AnnotatedVideo, OPEN_FRAMES, sideOf } from '../../sinks/annotatedVideo.ts';
import { PANEL_SIDE, openAttentionFiles } from '../../sinks/attentionFiles.ts';
import type { AttentionFiles } from '../../sinks/attentionFiles.ts';
import { listCocoPictures } from '../../sinks/cocoPictures.ts';
import { expectDetectable } from './detectChecks.ts';
import { distinctNames } from '../../sinks/distinctNames.ts';
import { expandSources } from './expandSources.ts';
import { EXIT, errorLine, exitCodeOf } from '../output/exitCodes.ts';
import { createFormat } from '../../sinks/formats.ts';
import type { Format } from '../../sinks/formats.ts';
import { frameTasks } from '../../run/frameTasks.ts';
import { isReaderGone, openLineWriter } from '../../sinks/lineWriter.ts';
import type { LineWriter } from '../../sinks/lineWriter.ts';
import { openSource } from '../../run/openSource.ts';
import type { DetectArguments } from '../options/detectOptions.ts';
import { createProgress, isCutInto } from '../output/progress.ts';
import type { Progress } from '../output/progress.ts';
import { rounded } from '../../sinks/rounded.ts';
import { say } from '../output/standardError.ts';

/** What became of one source's frames. */
interface Account {
  numFrames: number;
  numObjects: number;
  /** Pictures that could not be read, and places of a video. */
  numFaults: number;
}

/** So many faults of a source are told one by one; the summary counts all. */
const MAX_TOLD = 10;

/**
 * The `detect` command: every frame of every source, in order, to a file or standard output.
 * @returns the exit code
 * @throws Error where nothing could be started; failures of single sources are told on standard error
 */
export async function detectCommand(
  given: readonly string[],
  options: DetectArguments,
  interrupt: AbortSignal,
): Promise<number> {
  const sources = await expandSources(given, (line) =>
    process.stderr.write(`pix2seq-stream: ${line}\n`),
  );
  await expectDetectable(sources, options);
  const { save, quiet } = options;
  if (save === undefined) {
    return detectAll(sources, options, interrupt);
  }
  const video = new AnnotatedVideo(save, options.decoder);
  try {
    return await detectAll(sources, options, interrupt, video);
  } finally {
    const numFrames = await video.finish(); // however the run ended: with what was read
    if (numFrames > 0 && !quiet) {
      say(`${sourceName(save)}: ${numFrames} frames\n`);
    }
  }
}

async function detectAll(
  sources: readonly string[],
  options: DetectArguments,
  interrupt: AbortSignal,
  video?: AnnotatedVideo,
): Promise<number> {
  const { attention } = options;
  const names = distinctNames(sources);
  const pictures = attention === undefined ? undefined : openAttentionFiles(attention, names);
  const ofCoco = options.format === 'coco' ? await listCocoPictures(sources) : undefined;
  const detector = await openDetector(options.detector);
  try {
    const tasks = await frameTasks(options.tasks, detector, options.detector.model);
    const format = createFormat(options.format, detector.model, ofCoco);
    const writer = openLineWriter(options.out);
    try {
      let worst: number = EXIT.done;
      for (const [index, source] of sources.entries()) {
        const name = names[index] ?? source;
        const run = { options, detector, tasks, writer, format, pictures, video, interrupt };
        const code = await detectSource({ source, name }, run);
        worst = Math.max(worst, code);
        if (interrupt.aborted || code === EXIT.interrupted) {
          break;
        }
      }
      if (writer.hasBegun || worst === EXIT.done) {
        format.end(writer);
      }
      return worst;
    } finally {
      writer.close();
    }
  } catch (thrown) {
    if (isReaderGone(thrown)) {
      return EXIT.done; // `| head` has seen enough
    }
    throw thrown;
  } finally {
    await detector.close();
  }
}

interface Run {
  readonly options: DetectArguments;
  readonly detector: Detector;
  readonly tasks: readonly FrameTask[];
  readonly writer: LineWriter;
  readonly format: Format;
  readonly pictures: AttentionFiles | undefined;
  readonly video: AnnotatedVideo | undefined;
  readonly interrupt: AbortSignal;
}

/** What is read, and what it is called. */
interface NamedSource {
  readonly source: string;
  readonly name: string;
}

async function detectSource(named: NamedSource, run: Run): Promise<number> {
  const { name } = named;
  const { options, format, writer, interrupt } = run;
  const account: Account = { numFrames: 0, numObjects: 0, numFaults: 0 };
  const progress = options.quiet || isCutInto(options.out) ? undefined : createProgress(name);
  const startedMs = performance.now();
  const results$ = resultsOf(named, run, account, progress).pipe(
    tap((result) => {
      account.numFrames += 1;
      account.numObjects += result.detections.length;
      format.write(writer, result, account.numFrames);
      progress?.tick();
    }),
  );
  let code: number;
  try {
    code = await finished(results$, interrupt).finally(() => progress?.stop());
  } catch (thrown) {
    if (isHopeless(thrown)) {
      throw thrown; // of no use to go on with the next source
    }
    const error = toError(thrown);
    say(errorLine(error, options.verbose));
    code = exitCodeOf(error);
  }
  if (!options.quiet && code !== EXIT.unopened) {
    const ms = performance.now() - startedMs;
    say(`${summary(name, account, ms)} on ${run.detector.device}
`);
  }
  const isMarred = account.numFaults > 0 && options.onDamage === 'stop';
  return code === EXIT.done && isMarred ? EXIT.failed : code;
}

function resultsOf(
  { source, name }: NamedSource,
  run: Run,
  account: Account,
  progress: Progress | undefined,
): Observable<FrameDetections> {
  const { options, detector, tasks, pictures, video } = run;
  const { image } = detector.model;
  const frames$ = (display: number): Observable<Frame> =>
    openSource(source, {
      ...{ image, name, display, decoder: options.decoder },
      stride: options.stride,
      maxFrames: options.maxFrames,
      onDamage: options.onDamage,
      ...(video === undefined ? {} : { maxOpenFrames: OPEN_FRAMES }),
      onOpen({ numFrames, framesPerSecond }) {
        progress?.start(numFrames);
        video?.begin(framesPerSecond);
      },
      onFault(error) {
        account.numFaults += 1;
        if (account.numFaults <= MAX_TOLD) {
          say(errorLine(error, options.verbose));
        }
      },
    });
  const config = { ...options.detect, tasks };
  if (video !== undefined) {
    return sideOf(source, image, options.decoder).pipe(
      concatMap((side) => frames$(side)),
      video.pace(),
      detect(detector, { ...config, onFrame: (frame) => video.see(frame) }),
      track(),
      map(rounded),
      tap((result) => video.take(result)),
    );
  }
  const results$ =
    pictures === undefined
      ? frames$(0).pipe(detect(detector, config))
      : frames$(PANEL_SIDE).pipe(
          attentionPictures(detector, options.detect),
          tap((frame) => pictures.write(frame)),
          map(({ result }) => result),
        );
  return results$.pipe(track(), map(rounded));
}

/** Waits for the end of a stream. @returns the exit code; rejects with the stream's error */
function finished(results$: Observable<unknown>, interrupt: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    let subscription: Subscription | undefined;
    const stop = (): void => {
      subscription?.unsubscribe();
      resolve(EXIT.interrupted);
    };
    subscription = results$.subscribe({
      error: (error: unknown) => {
        interrupt.removeEventListener('abort', stop);
        reject(toError(error));
      },
      complete: () => {
        interrupt.removeEventListener('abort', stop);
        resolve(EXIT.done);
      },
    });
    interrupt.addEventListener('abort', stop, { once: true });
    if (interrupt.aborted) {
      stop();
    }
  });
}

function summary(name: string, account: Account, ms: number): string {
  const { numFrames, numObjects, numFaults } = account;
  const rate = (numFrames / (ms / 1000)).toFixed(1);
  const faults = numFaults > 0 ? `, ${numFaults} unreadable` : '';
  return `${name}: ${numFrames} frames${faults}, ${numObjects} objects, ${(ms / 1000).toFixed(1)} s, ${rate} frames/s`;
}

/** The output is lost, or the model has no graph for what is asked: no source will fare better. */
function isHopeless(thrown: unknown): boolean {
  return thrown instanceof PipelineError && ['ERR_OUTPUT', 'ERR_MODEL_LOAD'].includes(thrown.code);
}
