import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { openLocalDetector } from '../../../models/index.ts';
import type { TokenSequence } from '../../../models/index.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import {
  TINY,
  TINY_BYTES,
  TINY_TOKENS,
  copyFolder,
  graph,
} from '../../support/models/tinyModel.ts';
import type { FolderChanges } from '../../support/models/tinyModel.ts';

async function refusal(changes: FolderChanges): Promise<Error & { code?: string }> {
  await using folder = await copyFolder(TINY, changes);
  return await assert.rejects(openLocalDetector({ model: folder.path, device: 'cpu' }), {});
}

suite('checkContract', (test) => {
  test('lets the tiny model pass', async () => {
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu' });

    assert.is(detector.model.name, 'tiny');
  });

  const wrong: [string, FolderChanges, RegExp][] = [
    [
      'refuses an encoder that wants float pixels',
      { encoder: graph('encoder-float-image') },
      /input `image` of .*encoder\.onnx to be uint8 \[B,32,32,3\], found float32 \[B,32,32,3\]/,
    ],
    [
      'refuses an encoder of another picture size',
      { encoder: graph('encoder-size-64') },
      /input `image` of .*encoder\.onnx to be uint8 \[B,32,32,3\], found uint8 \[B,64,64,3\]/,
    ],
    [
      'refuses an encoder without the memory that the decoder wants',
      { encoder: graph('encoder-no-memory') },
      /output `memory\.mean` of .*encoder\.onnx to be float32 \[B,1\], found only features/,
    ],
    [
      'refuses an encoder with more memory than the decoder takes',
      { encoder: graph('encoder-more-memory') },
      /to take every memory\.\*.*given: memory\.mean, memory\.more; taken: memory\.mean/,
    ],
    [
      'refuses proposals that are no boxes',
      { encoder: graph('encoder-flat-proposals') },
      /output `proposals` of .*encoder\.onnx to be float32 \[B,N,4\], found float32 \[B,4\]/,
    ],
    [
      'refuses a decoder of int32 tokens',
      { decoder: graph('decoder-int32-tokens') },
      /input `tokens` of .*decoder\.onnx to be int64 \[B,T\], found int32 \[B,T\]/,
    ],
    [
      'refuses a decoder without position',
      { decoder: graph('decoder-no-position') },
      /input `position` .* to be int64 \[B\], found only tokens, past, memory\.mean/,
    ],
    [
      'refuses a decoder whose memory has another shape',
      { decoder: graph('decoder-other-memory') },
      /output `memory\.mean` of .*encoder\.onnx to be float32 \[B,2\], found float32 \[B,1\]/,
    ],
    [
      'refuses a decoder of another cache width',
      { decoder: graph('decoder-width-5') },
      /input `past` .* to be float32 \[B,P,4\], found float32 \[B,P,5\]/,
    ],
    [
      'refuses a decoder of another vocabulary',
      { decoder: graph('decoder-vocabulary-25') },
      /output `logits` .* to be float32 \[B,T,24\], found float32 \[B,T,25\]/,
    ],
    [
      'refuses a decoder without rows',
      { decoder: graph('decoder-no-rows') },
      /output `rows` .* to be float32 \[B,T,4\], found only logits, state/,
    ],
    [
      'finds a vocabulary hidden behind a symbolic axis at the first run',
      { decoder: graph('decoder-hidden-vocabulary') },
      /output `logits` of .*decoder\.onnx to hold 1 x 24 numbers, got 25/,
    ],
    [
      'finds a cache width hidden behind a symbolic axis at the first run',
      { decoder: graph('decoder-hidden-width') },
      /output `rows` of .*decoder\.onnx to hold 1 x 4 numbers, got 5/,
    ],
  ];

  for (const [title, changes, message] of wrong) {
    test(title, async () => {
      const error = await refusal(changes);

      assert.is(error.code, 'ERR_MODEL_CONTRACT', error.message);
      assert.match(error.message, message);
    });
  }

  test('refuses a description that does not fit its graphs', async () => {
    const error = await refusal({ describe: (file) => ({ ...file, cacheWidth: 6 }) });

    assert.is(error.code, 'ERR_MODEL_CONTRACT');
    assert.match(error.message, /`past` .* \[B,P,6\], found float32 \[B,P,4\]/);
  });

  test('finds an input beyond the contract at the first run', async () => {
    const error = await refusal({ decoder: graph('decoder-wants-mask') });

    assert.is(error.code, 'ERR_MODEL_RUN');
    assert.match(error.message, /mask/);
  });

  test('takes several frames at a time, unless the decoder takes one only', async () => {
    const refused = async (batch: number): Promise<Error & { code?: string }> => {
      await using folder = await copyFolder(TINY, { decoder: graph('decoder-one-frame') });
      const opening = openLocalDetector({ model: folder.path, device: 'cpu', batch });
      return await assert.rejects(opening, {});
    };
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu', batch: 2 });

    const error = await refused(2);

    assert.is(detector.model.name, 'tiny');
    assert.is(error.code, 'ERR_MODEL_CONTRACT');
    assert.match(
      error.message,
      /first axis of `tokens` of .*decoder\.onnx .* found 1; use `batch: 1`/,
    );
    await using folder = await copyFolder(TINY, { decoder: graph('decoder-one-frame') });
    await using single = await openLocalDetector({ model: folder.path, device: 'cpu', batch: 1 });
    assert.is(single.device, 'cpu');
  });

  test('refuses a file that is no graph', async () => {
    const error = await refusal({ decoder: `${TINY}/model.json` });

    assert.is(error.code, 'ERR_MODEL_LOAD');
    assert.match(error.message, /^Cannot open .*decoder\.onnx on cpu: /);
  });

  test('leaves nothing behind that would keep the next model from opening', async () => {
    await refusal({ decoder: graph('decoder-width-5') });
    await using detector = await openLocalDetector({ model: TINY, device: 'cpu' });

    using features = await detector.encode(new Uint8Array(TINY_BYTES));
    assert.is((await detector.decode(features)).scores.length, 5);
  });
});

suite('checkPrompts', (test) => {
  const caption = { token: 1, textBase: 20, eos: 21, maxTokens: 8 };
  const describing =
    (prompts: object): NonNullable<FolderChanges['describe']> =>
    (file) => ({ ...file, prompts });

  test('lets a model pass that answers several prompts in one call', async () => {
    await using folder = await copyFolder(TINY, { describe: describing({ caption }) });
    await using detector = await openLocalDetector({ model: folder.path, device: 'cpu' });

    assert.equal(detector.model.prompts, { caption });
  });

  test('refuses a decoder that takes one sequence only', async () => {
    const decoder = graph('decoder-one-frame');
    const error = await refusal({ decoder, describe: describing({ caption }) });

    assert.is(error.code, 'ERR_MODEL_CONTRACT');
    assert.match(
      error.message,
      /first axis of `tokens` .* prompts are read side by side, found 1$/,
    );
  });
});

suite('checkAttention', (test) => {
  const look = async (changes: FolderChanges, attention?: string): Promise<TokenSequence> => {
    await using folder = await copyFolder(TINY, changes);
    if (attention !== undefined) {
      await cp(attention, join(folder.path, 'attention.onnx'));
    }
    await using detector = await openLocalDetector({ model: folder.path, device: 'cpu' });
    using features = await detector.encode(new Uint8Array(TINY_BYTES));
    return await detector.decode(features, { attention: true, maxObjects: 2 });
  };

  test('takes a graph that tells for each token where it looked', async () => {
    const { attention, tokens } = await look({}, join(TINY, 'attention.onnx'));

    assert.equal([...tokens], TINY_TOKENS.slice(0, 10));
    assert.equal(
      attention?.map(({ shares, height, width }) => [shares.indexOf(1), height, width]),
      Array.from({ length: 10 }, (_, position) => [position % 4, 2, 2]),
    );
  });

  test('opens models without that graph, and says what is missing once it is asked for', async () => {
    await assert.rejects(look({}), { code: 'ERR_MODEL_LOAD', message: /attention\.onnx/ });
  });

  test('refuses a graph without the output, or with another shape', async () => {
    await assert.rejects(look({}, join(TINY, 'decoder.onnx')), {
      code: 'ERR_MODEL_CONTRACT',
      message: /output `attention` of .* to be float32 \[B,T,h,w\], found only logits, rows/,
    });
    await assert.rejects(look({}, graph('attention-flat')), {
      code: 'ERR_MODEL_CONTRACT',
      message: /output `attention` of .* found float32 \[B,T,4\]/,
    });
  });
});
