import { downloadCheckpoint, importCheckpoint, openCheckpoint } from '../models/import/index.ts';
import { EXIT } from './exitCodes.ts';
import type { ImportArguments } from './importOptions.ts';
import { isReaderGone, openLineWriter } from './lineWriter.ts';
import { createFolder, expectNew } from './newFolder.ts';
import { createWorkProgress } from './progress.ts';

const LICENCE =
  'Pix2seq’s code is under Apache-2.0; under which licence its authors publish the weights is not stated.\n';

const UNNAMED =
  'The classes go by their numbers, since the checkpoint does not name them; `--labels coco`, `objects365v1`, ' +
  '`objects365v2` or a JSON file does.\n';

/** Folders of the authors' bucket that were trained on COCO last, whatever their configs call the data set. */
const OF_COCO = /\/(coco_det_finetune|multi_task\/ckpt)\//;

/**
 * The `import` command: makes a model folder of a TensorFlow checkpoint.
 * @returns the exit code
 * @throws Error where the checkpoint can't be read or the folder not be made; nothing is left of it then
 */
export async function importCommand(
  options: ImportArguments,
  interrupt: AbortSignal,
): Promise<number> {
  try {
    if (options.out !== undefined) {
      expectNew(options.out); // first: a download takes a while
    }
    if (options.from !== undefined) {
      await download(options.from, options, interrupt);
    }
    if (options.out === undefined) {
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

async function download(
  url: string,
  { checkpointDir, quiet }: ImportArguments,
  signal: AbortSignal,
): Promise<void> {
  process.stderr.write(LICENCE);
  const progress = quiet ? undefined : createWorkProgress('download');
  await downloadCheckpoint({
    url,
    directory: checkpointDir,
    onProgress: (done, total, what) => progress?.update(done, total, what),
    signal,
  }).finally(() => progress?.stop());
}

async function make(
  {
    checkpointDir,
    from = '',
    imageSize,
    precision,
    textVocabulary,
    quiet,
    ...flags
  }: ImportArguments,
  out: string,
  signal: AbortSignal,
): Promise<void> {
  const labels = flags.labels ?? (OF_COCO.test(from) ? 'coco' : undefined);
  const progress = quiet ? undefined : createWorkProgress('import');
  const made = await createFolder(out, async (outDir) => {
    const result = await importCheckpoint({
      checkpointDir,
      outDir,
      ...(imageSize === undefined ? {} : { imageSize }),
      precision,
      ...(labels === undefined ? {} : { labels }),
      ...(textVocabulary === undefined ? {} : { textVocabulary }),
      onProgress: (done, total, what) => progress?.update(done, total, what),
      signal,
    });
    signal.throwIfAborted(); // too late for the importer to notice, but not for us
    return result;
  }).finally(() => progress?.stop());
  if (!quiet) {
    const millions = (made.numParameters / 1e6).toFixed(1);
    process.stderr.write(`${out}: ${made.backbone}, ${millions} million parameters\n`);
    for (const task of made.leftOut) {
      process.stderr.write(`left out: ${task}\n`);
    }
    if (!made.areLabelsNamed) {
      process.stderr.write(UNNAMED);
    }
  }
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
