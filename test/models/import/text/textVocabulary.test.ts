import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { readTextVocabulary } from '../../../../models/import/text/textVocabulary.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../imported.ts';
import { checkpointDir, textVocabularyFile } from '../reference.ts';

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const BYTE = 6;

/** A SentencePiece model, as far as it is read; the last field says how it was learnt. */
function modelOf(pieces: readonly (readonly [text: string, kind: number])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [text, kind] of pieces) {
    writer.tag(1, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(text).tag(2, WireType.Bit32).float(-1);
    if (kind !== NORMAL) {
      writer.tag(3, WireType.Varint).int32(kind);
    }
    writer.join();
  }
  return writer.tag(2, WireType.LengthDelimited).bytes(new Uint8Array(3)).finish();
}

async function read(bytes: Uint8Array): Promise<readonly string[]> {
  await using folder = await temporaryFolder();
  const file = join(folder.path, 'text.model');
  await writeFile(file, bytes);
  return await readTextVocabulary(file);
}

suite('readTextVocabulary', (test) => {
  test('reads the pieces that SentencePiece wrote; marks are empty', async () => {
    const golden = JSON.parse(
      await readFile(join(checkpointDir('multi-task-small'), 'text.json'), 'utf8'),
    ) as { readonly pieces: readonly string[] };

    const pieces = await readTextVocabulary(textVocabularyFile());

    assert.equal(pieces, ['', '', '', ...golden.pieces.slice(3)]);
  });

  test('knows what is text by its kind, not by its looks', async () => {
    const pieces = await read(
      modelOf([
        ['<pad>', CONTROL],
        ['</s>', CONTROL],
        ['??', UNKNOWN],
        ['<s>', NORMAL],
        ['▁<name>', USER_DEFINED],
        ['<0x41>', NORMAL],
      ]),
    );

    assert.equal(pieces, ['', '', '', '<s>', '▁<name>', '<0x41>']);
  });

  test('makes characters of bytes, as far as one is a character', async () => {
    const bytes = ['<0x41>', '<0x0A>', '<0x7F>', '<0x80>', '<0xE2>', '<0xFF>', '<0x>'];

    const pieces = await read(
      modelOf([
        ['<pad>', CONTROL],
        ['</s>', CONTROL],
        ...bytes.map((text) => [text, BYTE] as const),
      ]),
    );

    assert.equal(pieces.slice(2), ['A', '\n', '\x7f', '\ufffd', '\ufffd', '\ufffd', '']);
  });

  test('reads all of a file or nothing, wherever it was cut off', async () => {
    const whole = await readTextVocabulary(textVocabularyFile());
    const bytes = await readFile(textVocabularyFile());
    let numRefused = 0;
    for (let length = 0; length < bytes.length; length++) {
      const pieces = await read(bytes.subarray(0, length)).catch((error: unknown) => {
        assert.match(String(error), /text\.model is not the text vocabulary .* or damaged: /);
        numRefused++;
      });
      assert.equal(pieces ?? whole, whole, `${length} bytes`);
    }
    assert.ok(numRefused > 0.95 * bytes.length, `${numRefused} of ${bytes.length}`);
  });

  const FOREIGN: readonly [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(), /it ends among its pieces/],
    ['a list of words', Buffer.from('<pad>\t0\n</s>\t0\n▁a\t-1\n'), /damaged: /],
    [
      'another end',
      modelOf([
        ['<unk>', UNKNOWN],
        ['<s>', CONTROL],
        ['</s>', CONTROL],
      ]),
      /its piece 1 is not the mark <\/s>/,
    ],
    [
      'an end that is text',
      modelOf([
        ['<unk>', UNKNOWN],
        ['</s>', NORMAL],
      ]),
      /its piece 1 is not/,
    ],
  ];
  for (const [what, bytes, message] of FOREIGN) {
    test(`refuses ${what}, and says what is wanted`, async () => {
      const error = await assert.rejects(read(bytes), { code: 'ERR_CHECKPOINT', message });

      assert.match(error.message, /SentencePiece model as gs:\/\/.*c4_en_32k_spm\.model$/);
      assert.not.match(error.message, /\n/);
    });
  }

  test('refuses other text than UTF-8', async () => {
    const bytes = modelOf([
      ['<pad>', CONTROL],
      ['</s>', CONTROL],
      ['é', NORMAL],
    ]);
    bytes[bytes.indexOf(0xc3)] = 0xff;

    await assert.rejects(read(bytes), { code: 'ERR_CHECKPOINT', message: /or damaged: / });
  });

  test('refuses what is too large, unread', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'large.model');
    await writeFile(file, '');
    await truncate(file, (16 << 20) + 1);

    await assert.rejects(readTextVocabulary(file), {
      code: 'ERR_CHECKPOINT',
      message: /large\.model is larger than 16777216 bytes/,
    });
  });

  test('says which file is missing', async () => {
    await assert.rejects(readTextVocabulary('nowhere.model'), {
      code: 'ERR_CHECKPOINT',
      message: /Cannot read nowhere\.model/,
    });
  });
});
