import { BUNDLED_MODEL } from '../core/detectorOptions.ts';
import { PipelineError } from '../core/errors.ts';
import { fileProblem } from '../core/fileProblem.ts';
import { readModelFolder } from './modelFolder.ts';
import { promptOf } from './promptOf.ts';
import { readText } from '../core/readText.ts';

/** Of a list of pieces; the official one has a thirtieth of that. */
const MAX_MEGABYTES = 16;

/**
 * Reads what the captions of a model are made of: `pieces.json` of its folder.
 * @param model as in `DetectorOptions`. Default `nano`, which has none
 * @returns the text of each SentencePiece piece by id, empty for marks; for `toCaption`
 * @throws PipelineError ERR_MODEL_LOAD where the model was not trained for captions or has no such file,
 * ERR_MODEL_CONTRACT where it is no list of strings
 */
export async function readPieces(model: string = BUNDLED_MODEL): Promise<readonly string[]> {
  const { piecesFile, info } = await readModelFolder(model);
  promptOf('caption', info); // what is missing first is the training
  let text: string;
  try {
    text = await readText(piecesFile, MAX_MEGABYTES);
  } catch (cause) {
    if (cause instanceof PipelineError) {
      throw cause;
    }
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') {
      const fact = `Cannot read ${piecesFile}: ${fileProblem(cause)}`;
      throw new PipelineError('ERR_MODEL_LOAD', fact, { cause });
    }
    throw new PipelineError(
      'ERR_MODEL_LOAD',
      `The model \`${info.name}\` has no text for captions, since it has no ${piecesFile}; import it with ` +
        '`--text-vocabulary FILE`, the c4_en_32k_spm.model of the official bucket',
      { cause },
    );
  }
  const pieces: unknown = parse(text);
  if (Array.isArray(pieces) && pieces.every((piece) => typeof piece === 'string')) {
    return pieces;
  }
  throw new PipelineError('ERR_MODEL_CONTRACT', `${piecesFile} is no JSON list of strings`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
