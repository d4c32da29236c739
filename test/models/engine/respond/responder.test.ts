import { readResponses } from '../../../../models/engine/respond/responder.ts';
import { StepRunner } from '../../../../models/engine/decode/stepRunner.ts';
import { resolveQuestions } from '../../../../models/engine/respond/respondOptions.ts';
import type { ModelInfo, Prompt, RespondOptions } from '../../../../models/index.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { SURE, fakeGraph } from '../../../support/models/fakeGraph.ts';
import type { FakeGraph, Scene } from '../../../support/models/fakeGraph.ts';
import { tinyInfo } from '../../../support/models/tinyModel.ts';

/** Coordinates 8 to 23, text 24 to 31; 24 ends a text. */
const MODEL: ModelInfo = tinyInfo({
  vocabulary: { ...tinyInfo().vocabulary, size: 32 },
  prompts: {
    segment: { token: 5, separator: 2, maxPoints: 6 },
    pose: { token: 6, invisible: 3, names: ['head', 'foot'], labels: ['circle'], margin: 0.5 },
    caption: { token: 7, textBase: 24, eos: 24, maxTokens: 4 },
  },
});
const BOX = [8, 9, 20, 21, 4];
const SEGMENT: Prompt = { task: 'segment', tokens: BOX };
const POSE: Prompt = { task: 'pose', tokens: BOX };
const CAPTION: Prompt = { task: 'caption' };

/** Says the response of a prompt by its first token, most probable first; then the end token 0. */
function saying(responses: Readonly<Record<number, readonly (readonly number[])[]>>): Scene {
  return (prefix) => {
    const start = prefix[0] === 7 ? 1 : 6;
    const wishes = responses[prefix[0] ?? -1]?.[prefix.length - start] ?? [0];
    return new Map(wishes.map((token, rank) => [token, SURE - rank]));
  };
}

async function respond(
  scene: Scene,
  prompts: readonly Prompt[],
  options: RespondOptions = {},
  signal?: AbortSignal,
): Promise<{ responses: number[][]; fake: FakeGraph }> {
  const fake = fakeGraph([scene], MODEL);
  const graph = new StepRunner(fake.session, MODEL);
  const source = { graph, model: MODEL, memory: fake.memoryOf(0), ...(signal && { signal }) };
  const read = await readResponses(source, resolveQuestions(prompts, options, MODEL));
  return { responses: read.map((response) => [...response]), fake };
}

suite('the responses to prompts', (test) => {
  test('come from the prompt in one call, then from a token a call', async () => {
    const { responses, fake } = await respond(saying({ 5: [[10], [11], [12], [13]] }), [SEGMENT]);

    assert.equal(responses, [[10, 11, 12, 13]]);
    assert.equal(fake.calls.length, 5);
    assert.equal(fake.calls[0]?.tokens, [5, ...BOX]);
    assert.equal(fake.calls[4]?.tokens, [13]);
    assert.is(fake.calls[4]?.position, 9);
    assert.equal(fake.calls[4]?.past, [5, ...BOX, 10, 11, 12]);
  });

  test('of an outline keep two places a point, and a separator fills both', async () => {
    const scene = saying({
      5: [
        [2, 0, 10], // the end may stand at the beginning, a separator may not
        [2, 0, 11],
      ],
    });
    assert.equal((await respond(scene, [SEGMENT])).responses, [[]]);

    const parted = saying({
      5: [[10], [0, 2, 11], [2], [15], [2, 16], [25, 17], [0]],
    });
    assert.equal((await respond(parted, [SEGMENT])).responses, [[10, 11, 2, 2, 16, 17]]);
  });

  test('of an outline end at the number of points that the model was trained with', async () => {
    const endless: Scene = () => new Map([[9, SURE]]);

    assert.equal((await respond(endless, [SEGMENT])).responses, [Array<number>(12).fill(9)]);
    assert.equal((await respond(endless, [SEGMENT], { maxTokens: 3 })).responses, [[9, 9, 9]]);
  });

  test('of keypoints have two tokens a name, whatever the model says', async () => {
    const scene = saying({ 6: [[0, 3], [10], [0, 30, 12], [3, 13]] });

    assert.equal((await respond(scene, [POSE])).responses, [[3, 3, 12, 13]]);
    assert.equal((await respond(scene, [POSE], { maxTokens: 506 })).responses, [[3, 3, 12, 13]]);
  });

  test('of a caption are text up to its end', async () => {
    const scene = saying({ 7: [[0, 9, 26], [31], [24]] });

    assert.equal((await respond(scene, [CAPTION])).responses, [[26, 31]]);
  });

  test('are anything at all without the type mask, and end all the same', async () => {
    const scene = saying({
      5: [[26], [2], [9]],
      6: [[0], [1], [2], [3]],
      7: [[0], [9], [24]],
    });

    const { responses } = await respond(scene, [SEGMENT, POSE, CAPTION], { typeMask: false });

    assert.equal(responses, [
      [26, 2, 9],
      [0, 1, 2, 3],
      [0, 9],
    ]);
  });

  test('are read side by side over one memory, in as many calls as the longest has', async () => {
    const scene = saying({
      5: [[10], [11]],
      6: [[10], [11], [12], [13]],
      7: [[26]],
    });

    const { responses, fake } = await respond(scene, [CAPTION, SEGMENT, POSE]);

    assert.equal(responses, [[26], [10, 11], [10, 11, 12, 13]]);
    assert.is(fake.numRuns, 4);
    assert.ok(fake.calls.every(({ memory }) => memory === fake.memoryOf(0)['memory.mean']));
  });

  test('of more prompts than go side by side come in order', async () => {
    const scene: Scene = (prefix) => new Map([[prefix.length > 6 ? 0 : prefix[1]!, SURE]]);
    const prompts = Array.from({ length: 40 }, (_, i): Prompt => {
      return { task: 'segment', tokens: [8 + (i % 16), 9, 20, 21, 4] };
    });

    const { responses } = await respond(scene, prompts, { maxTokens: 1 });

    assert.equal(
      responses,
      prompts.map((_, i) => [8 + (i % 16)]),
    );
  });

  test('are none to no prompts, without a call', async () => {
    const { responses, fake } = await respond(() => new Map(), []);

    assert.equal(responses, []);
    assert.is(fake.numRuns, 0);
  });

  test('stop where the signal comes, with what was read until then', async () => {
    const abort = new AbortController();
    const scene: Scene = (prefix) => {
      if (prefix.length === 8) {
        abort.abort();
      }
      return new Map([[10, SURE]]);
    };

    const { responses, fake } = await respond(scene, [SEGMENT, POSE], {}, abort.signal);

    assert.equal(responses, [
      [10, 10, 10],
      [10, 10, 10],
    ]);
    assert.is(fake.numRuns, 3);
  });

  test('that are drawn differ from prompt to prompt, and the same seed draws the same', async () => {
    const even: Scene = () => new Map();
    const drawn = { topP: 1, seed: 7 };
    const { responses } = await respond(even, [POSE, POSE], drawn);

    assert.not.equal(responses[0], responses[1]);
    assert.equal((await respond(even, [POSE, POSE], drawn)).responses, responses);
    assert.equal((await respond(even, [POSE], { topP: 1, seed: 8 })).responses, [responses[1]]);
  });
});

suite('resolveQuestions', (test) => {
  test('refuses what no model can answer', () => {
    const many = Array.from({ length: 101 }, () => CAPTION);
    const four: Prompt = { task: 'pose', tokens: BOX.slice(1) };
    const outside: Prompt = { task: 'segment', tokens: [8, 9, 20, 21, 32] };
    const bare = { task: 'segment' } as unknown as Prompt;
    const unknown = { task: 'caption ' } as unknown as Prompt;
    const cases: [readonly Prompt[], object, RegExp][] = [
      [[CAPTION], { topp: 0 }, /Unknown option `topp` of respond; did you mean `topP`\?/],
      [[CAPTION], { maxTokens: 507 }, /`maxTokens` to be a finite number from 1 to 506/],
      [[CAPTION], { temperature: 0 }, /`temperature`/],
      [many, {}, /`prompts.length` to be a finite number <= 100, got `101`/],
      [[four], {}, /a prompt for `pose` has the five `tokens` of an object/],
      [[bare], {}, /^Expected that a prompt for `segment` has the five `tokens` of an object/],
      [[outside], {}, /`tokens` to be a finite number from 0 to 31, got `32`/],
      [[unknown], {}, /`task` to be one of segment, pose, caption, got `caption `/],
    ];

    for (const [prompts, options, message] of cases) {
      assert.throws(() => resolveQuestions(prompts, options, MODEL), message);
    }
  });

  test('says which tasks the model knows', () => {
    const { caption } = MODEL.prompts;
    const cases: [ModelInfo['prompts'], RegExp][] = [
      [{}, /The model `tiny` was not trained for the task `pose`; it knows detect$/],
      [{ ...(caption && { caption }) }, /it knows detect, caption$/],
    ];

    for (const [prompts, message] of cases) {
      assert.throws(
        () => resolveQuestions([POSE], {}, { ...MODEL, prompts }),
        (error: { code?: string; message: string }) =>
          error.code === 'ERR_MODEL_LOAD' && message.test(error.message),
      );
    }
  });
});
