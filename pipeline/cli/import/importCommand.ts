import {
  downloadCheckpoint,
  importCheckpoint,
  openCheckpoint,
} from '../../../models/import/index.ts';
import type { ImportResult } from '../../../models/import/index.ts';
import { EXIT } from '../output/exitCodes.ts';
import type { ImportArguments } from '../options/importOptions.ts';
import { isReaderGone, openLineWriter } from '../../sinks/lineWriter.ts';
import { createFolder } from '../../sinks/newFolder.ts';
import { createWorkProgress } from '../output/progress.ts';
import { say } from '../output/standardError.ts';

const LICENCE =
  'Pix2seq’s code is under Apache-2.0; under which licence its authors publish the weights is not stated.\n';

const UNNAMED =
  'The classes go by their numbers, since the checkpoint does not name them; `--labels coco`, `objects365v1`, ' +
  '`objects365v2` or a JSON file does.\n';

const TEXTLESS =
  'No c4_en_32k_spm.model is beside the checkpoint, so that it captions in tokens only and not on the command line; ' +
  '`--text-vocabulary` names one.\n';

/** Folders of the authors' bucket that were trained on COCO last, whatever their configs call the data set. */
const OF_COCO = /\/pix2seq\/(coco_det_finetune|multi_task\/ckpt)\//;

/**
 * The `import` command: makes a model folder of a TensorFlow checkpoint.
 * @returns the exit code
 * @throws Error where the checkpoint can't be read or the folder not be made; nothing is left of it then but the folders
 * above it and what was downloaded
 */
export async function importCommand(
  options: ImportArguments,
  interrupt: AbortSignal,
): Promise<number> {
  try {
    if (options.out === undefined) {
      await download(options, interrupt);
      await list(options.checkpointDir);
    } else {
      await make(options, options.out, interrupt);
    }
    return EXIT.done;
  } catch (thrown) {
    if (interrupt.aborted) {
      return EXIT.interrupted;
    }
    throw thrown;
  }
}

/** Fills the checkpoint's folder where `--from` says from where; does nothing without. */
async function download(
  { from: url, checkpointDir, quiet }: ImportArguments,
  signal: AbortSignal,
): Promise<void> {
  if (url === undefined) {
    return;
  }
  say(LICENCE);
  const progress = quiet ? undefined : createWorkProgress('download');
  await downloadCheckpoint({
    url,
    directory: checkpointDir,
    onProgress: (done, total, what) => progress?.update(done, total, what),
    onRetry(reason, waitMs, what) {
      progress?.stop();
      if (!quiet) {
        say(`${what}: ${reason}; trying again in ${waitMs / 1000} s\n`);
      }
    },
    signal,
  }).finally(() => progress?.stop());
}

async function make(options: ImportArguments, out: string, signal: AbortSignal): Promise<void> {
  const made = await createFolder(out, async (outDir) => {
    await download(options, signal); // in here: it takes a while, and the folder may not be to be made
    const result = await convert(options, outDir, signal);
    signal.throwIfAborted(); // too late for the importer to notice, but not for us
    return result;
  });
  if (!options.quiet) {
    const millions = (made.numParameters / 1e6).toFixed(1);
    say(`${out}: ${made.backbone}, ${millions} million parameters\n`);
    for (const task of made.leftOut) {
      say(`left out: ${task}\n`);
    }
    if (!made.areLabelsNamed) {
      say(UNNAMED);
    }
    if (made.isTextMissing) {
      say(TEXTLESS);
    }
  }
}

async function convert(
  {
    checkpointDir,
    from = '',
    imageSize,
    precision,
    textVocabulary,
    quiet,
    ...given
  }: ImportArguments,
  outDir: string,
  signal: AbortSignal,
): Promise<ImportResult> {
  const labels = given.labels ?? (OF_COCO.test(from) ? 'coco' : undefined);
  const progress = quiet ? undefined : createWorkProgress('import');
  return await importCheckpoint({
    checkpointDir,
    outDir,
    ...(imageSize === undefined ? {} : { imageSize }),
    precision,
    ...(labels === undefined ? {} : { labels }),
    ...(textVocabulary === undefined ? {} : { textVocabulary }),
    onProgress: (done, total, what) => progress?.update(done, total, what),
    signal,
  }).finally(() => progress?.stop());
}

/** A line for each tensor: key, type and shape, with tabs between. */
async function list(checkpointDir: string): Promise<void> {
  const source = await openCheckpoint(checkpointDir);
  try {
    const writer = openLineWriter('-');
    for (const { key, dtype, shape } of source.tensors.values()) {
      writer.write(`${key}\t${dtype}\t${shape.join('x')}`);
    }
  } catch (thrown) {
    if (!isReaderGone(thrown)) {
      throw thrown;
    }
  } finally {
    await source.close();
  }
}
