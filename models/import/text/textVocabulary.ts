import { PipelineError, toError } from '../../core/errors.ts';
import { readSmallFile } from '../checkpoint/checkpointFile.ts';
import { readFields } from '../checkpoint/readFields.ts';

/** The name of the official one. */
export const TEXT_VOCABULARY = 'c4_en_32k_spm.model';
/** The piece that ends a text, and what it is called. */
export const END_PIECE = 1;
const END = '</s>';

/** The official one has less than a megabyte. */
const MAX_BYTES = 16 << 20;
/** Many times those of any published one. */
const MAX_PIECES = 1 << 20;
/** Kinds of pieces, as a SentencePiece model numbers them: those that are no text, and bytes. */
const UNKNOWN = 2;
const CONTROL = 3;
const BYTE = 6;

interface Piece {
  readonly text: string;
  readonly kind: number;
}

/**
 * Reads the pieces of text of a SentencePiece model, in the order of their tokens. A space is `▁`, as in the file;
 * marks are empty. A byte of its own is a character where it is one of ASCII, else U+FFFD.
 * @throws PipelineError ERR_CHECKPOINT where it can't be read, is of another kind, or has another end than Pix2seq's
 *
 * Source: google/sentencepiece `src/sentencepiece_model.proto`
 */
export async function readTextVocabulary(file: string): Promise<readonly string[]> {
  const pieces = parsePieces(file, await readSmallFile(file, MAX_BYTES));
  const end = pieces[END_PIECE];
  if (end?.kind !== CONTROL || end.text !== END) {
    throw foreign(file, `its piece ${END_PIECE} is not the mark ${END}`);
  }
  return pieces.map(textOf);
}

function parsePieces(file: string, bytes: Uint8Array): readonly Piece[] {
  const pieces: Piece[] = [];
  let isWhole = false;
  try {
    readFields(bytes, {
      1: (reader) => {
        pieces.push(parsePiece(reader.bytes()));
        if (pieces.length > MAX_PIECES) {
          throw new Error(`it has more than ${MAX_PIECES} pieces`);
        }
      },
      2: (reader) => {
        reader.bytes(); // how it was learnt, behind the last piece
        isWhole = true;
      },
    });
  } catch (thrown) {
    throw foreign(file, toError(thrown).message, thrown); // the readers ran out of bytes
  }
  if (!isWhole) {
    throw foreign(file, 'it ends among its pieces');
  }
  return pieces;
}

function parsePiece(message: Uint8Array): Piece {
  const piece = { text: '', kind: 1 };
  readFields(message, {
    1: (reader) => (piece.text = reader.string(true)),
    3: (reader) => (piece.kind = reader.int32()),
  });
  return piece;
}

function textOf({ text, kind }: Piece): string {
  if (kind === UNKNOWN || kind === CONTROL) {
    return '';
  }
  if (kind !== BYTE) {
    return text;
  }
  const [, digits = ''] = /^<0x([\dA-F]{2})>$/.exec(text) ?? [];
  return Buffer.from(digits, 'hex').toString();
}

function foreign(file: string, fact: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'ERR_CHECKPOINT',
    `${file} is not the text vocabulary of a Pix2seq model, or damaged: ${fact}; expected a SentencePiece ` +
      `model as gs://pix2seq/multi_task/data/${TEXT_VOCABULARY}`,
    { cause },
  );
}
