import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NEVER, concat, of } from 'rxjs';
import type { Demand, Detection, Frame, FrameDetections } from '../../../../models/core/types.ts';
import { detect } from '../../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../../operators/detect/detectOptions.ts';
import type { FrameTask, SeenFrame } from '../../../../operators/detect/tasks/runTasks.ts';
import * as assert from '../../../support/assert.ts';
import { frameCounter } from '../../../support/frames.ts';
import { suite } from '../../../support/suite.ts';
import { until } from '../../../support/media/clips.ts';
import { fakeDetector } from '../../../support/detect/fakeDetector.ts';
import { feed } from '../../../support/media/feeding.ts';

/** Says a word, as a caption does. */
const says =
  (word: string): FrameTask =>
  ({ result }) =>
    Promise.resolve({ ...result, caption: `${result.caption ?? ''}${word}` });

/** Goes on until it is told to end, and then has found half of what it would have. */
const endless: FrameTask = ({ result }, signal) =>
  new Promise((resolve) => {
    const end = (): void => resolve({ ...result, caption: 'half' });
    signal.addEventListener('abort', end);
  });

suite('tasks of detect', (test) => {
  const frames = frameCounter();
  const read = async (
    config: DetectConfig,
    given: readonly Frame[] = [frames.open()],
  ): Promise<readonly FrameDetections[]> => {
    const detector = await fakeDetector();
    const { results } = await feed(given, detector, config);
    assert.is(detector.numOpen, 0, 'features are closed');
    return results;
  };
  /** What the tasks were told of one object, the fake detector's person of 0.9. */
  const wanted = async (
    wishes: readonly Demand[] | undefined,
    change: Partial<Detection> = {},
  ): Promise<boolean | undefined> => {
    let isWanted: boolean | undefined;
    const ask = (seen: SeenFrame): Promise<FrameDetections> => {
      const [detection] = seen.result.detections;
      isWanted = seen.isWanted({ ...detection!, ...change });
      return Promise.resolve(seen.result);
    };
    await read({ tasks: [ask], ...(wishes && { demand: () => wishes }) });
    return isWanted;
  };

  test('know which objects somebody wants', async () => {
    assert.is(await wanted(undefined), true);
    assert.is(await wanted([{}]), true);
    assert.is(await wanted([{ classes: ['car'] }]), false);
    assert.is(await wanted([{ classes: ['car'] }, { classes: ['person'] }]), true);
    assert.is(await wanted([{ minScore: 0.95 }]), false);
    assert.is(await wanted([{ minScore: 0.9 }], { score: 0.9 }), true);
    assert.is(await wanted([{ classes: ['person'], limit: 1 }]), true);
  });

  test('are all done within the time', async () => {
    const [result] = await read({ tasks: [says('a'), says('b')], budgetMs: 60_000 });

    assert.equal([result?.caption, result?.final, result?.stop], ['ab', true, 'eos']);
  });

  test('have no limit where the time is longer than a timer knows', async () => {
    for (const budgetMs of [3e9, 1e10]) {
      const [result] = await read({ tasks: [says('a')], budgetMs });

      assert.equal([result?.caption, result?.final], ['a', true]);
    }
  });

  test('are forgotten with their frame, also where one leaves a listener behind', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const images: WeakRef<Uint8Array>[] = [];
    const leaving: FrameTask = (seen, signal) => {
      images.push(new WeakRef(seen.image));
      signal.addEventListener('abort', () => void seen);
      return Promise.resolve(seen.result);
    };
    await read({ tasks: [leaving], budgetMs: 60_000 }, [frames.open(), frames.open()]);

    await until(() => {
      collect();
      return images.length === 2 && images.every((image) => image.deref() === undefined);
    });
  });

  test('end when the time is spent, with what the finished ones found', async () => {
    const tasks = [says('a'), endless, says('b')];
    const [result] = await read({ tasks, budgetMs: 30 });

    assert.equal([result?.caption, result?.final, result?.stop], ['a', false, 'budget']);
    assert.is(result?.detections.length, 1);
  });

  test('are not begun where the objects have taken all the time', async () => {
    const [result] = await read({ tasks: [says('a')], budgetMs: 0.5 }); // reading them takes 1 ms

    assert.equal([result?.caption, result?.final, result?.stop], [undefined, false, 'budget']);
  });

  test('end when everybody has left, and the frame is accounted for', async () => {
    let wishes: readonly Demand[] = [{}];
    const told: boolean[] = [];
    const leaving: FrameTask = (seen, signal) => {
      const [detection] = seen.result.detections;
      told.push(seen.isWanted(detection!));
      wishes = [];
      told.push(seen.isWanted(detection!), signal.aborted);
      return says('half')(seen, signal);
    };
    const [result] = await read({
      tasks: [says('a'), leaving, says('b')],
      demand: () => wishes,
    });

    assert.equal([result?.caption, result?.final, result?.stop], ['a', false, 'abort']);
    assert.equal(told, [true, false, false]);
  });

  test('are told to end when everybody leaves while one is at work', async () => {
    let wishes: readonly Demand[] = [{}];
    const leaving: FrameTask = (seen, signal) => {
      wishes = [];
      return endless(seen, signal);
    };
    const [result] = await read({ tasks: [says('a'), leaving], demand: () => wishes });

    assert.equal([result?.caption, result?.final, result?.stop], ['a', false, 'abort']);
  });

  test('pass on what demand throws while one is at work', async () => {
    let isBroken = false;
    const demand = (): Demand[] => {
      if (isBroken) {
        throw new RangeError('no');
      }
      return [{}];
    };
    const breaking: FrameTask = (seen, signal) => {
      isBroken = true;
      return endless(seen, signal);
    };
    const frame = frames.open();

    await assert.rejects(read({ tasks: [breaking], demand }, [frame]), { name: 'RangeError' });

    assert.is(frame.closed, true);
  });

  test('hear of it when the consumer leaves, and no other is begun', async () => {
    const detector = await fakeDetector();
    const frame = frames.open();
    const events: string[] = [];
    const waiting: FrameTask = (seen, signal) => {
      events.push('begun');
      return endless(seen, signal).finally(() => events.push(`ended: ${signal.aborted}`));
    };
    const next: FrameTask = ({ result }) => (events.push('next'), Promise.resolve(result));

    const subscription = concat(of(frame), NEVER)
      .pipe(detect(detector, { tasks: [waiting, next] }))
      .subscribe(() => events.push('result'));
    await until(() => events.length > 0);
    subscription.unsubscribe();
    await until(() => detector.numOpen === 0);

    assert.equal(events, ['begun', 'ended: true']);
    assert.is(frame.closed, true);
  });

  test('are spared where the scene is still, which repeats what they found', async () => {
    let numRuns = 0;
    const counted: FrameTask = (seen, signal) => says(String(++numRuns))(seen, signal);
    const given = [frames.open(), frames.open()];

    const results = await read({ tasks: [counted], motion: {} }, given);

    assert.equal(
      results.map(({ still, caption }) => [still, caption]),
      [
        [undefined, '1'],
        [true, '1'],
      ],
    );
  });

  test('are tried again where they had no time, however still the scene', async () => {
    const given = [frames.open(), frames.open()];

    const results = await read({ tasks: [endless], motion: {}, budgetMs: 20 }, given);

    assert.equal(
      results.map(({ still, stop }) => [still, stop]),
      [
        [undefined, 'budget'],
        [undefined, 'budget'],
      ],
    );
  });
});
