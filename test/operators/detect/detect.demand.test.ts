import { NEVER, Subject, concat, from, lastValueFrom, tap, toArray } from 'rxjs';
import type { Demand, Detector, Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';
import { feed } from '../../support/media/feeding.ts';

const NOTHING: readonly Demand[] = [];
const EVERYTHING: readonly Demand[] = [{}];

function results(frames: readonly Frame[], detector: Detector, config: DetectConfig) {
  return lastValueFrom(from(frames).pipe(detect(detector, config), toArray()));
}

suite('detect, asked for nothing', (test) => {
  const numbers = (list: readonly FrameDetections[]): number[] => list.map(({ frame }) => frame);

  for (const policy of ['every', 'latest'] as const) {
    test(`drops each frame unread, closed and told of (${policy})`, async () => {
      const frames = frameCounter();
      const detector = await fakeDetector();
      const dropped: (number | boolean | string)[] = [];

      const seen = await results([frames.open(), frames.open(), frames.open()], detector, {
        policy,
        demand: () => NOTHING,
        onDropped: ({ index, closed }, cause) => dropped.push(index, closed, cause),
        onFrame: () => assert.unreachable(),
        onObject: () => assert.unreachable(),
      });

      assert.equal(seen, []);
      assert.equal(dropped, [0, true, 'idle', 1, true, 'idle', 2, true, 'idle']);
      assert.equal([frames.closed, detector.numEncoded, detector.numOpen], [3, 0, 0]);
    });

    test(`is back at the very next frame, and counts what was dropped (${policy})`, async () => {
      const frames = frameCounter();
      const detector = await fakeDetector();
      const opened = Array.from({ length: 8 }, () => frames.open());
      const idle = [1, 2, 5];
      const demand = (): readonly Demand[] =>
        idle.includes(opened.findIndex((frame) => !frame.closed)) ? NOTHING : EVERYTHING;

      const fed = await feed(opened, detector, { policy, demand });

      assert.equal(numbers(fed.results), [0, 3, 4, 6, 7]);
      assert.equal(
        fed.results.map(({ skipped }) => skipped),
        [undefined, { idle: 2 }, undefined, { idle: 1 }, undefined],
      );
      assert.equal(fed.dropped, idle);
      assert.equal([frames.closed, detector.numEncoded, detector.numOpen], [8, 5, 0]);
    });
  }

  test('asks before each frame', async () => {
    const frames = frameCounter();
    const events: string[] = [];
    const opened = Array.from({ length: 3 }, () => frames.open());

    await feed(opened, await fakeDetector(), {
      demand: () => (events.push('asked'), EVERYTHING),
      onFrame: ({ index }) => events.push(`read ${index}`),
    });

    const inARow = events.filter((event, i) => event !== events[i - 1]);
    assert.equal(inARow, ['asked', 'read 0', 'asked', 'read 1', 'asked', 'read 2']);
  });

  test('reads everything where it is not told to ask', async () => {
    const frames = frameCounter();
    const detector = await fakeDetector();

    const { results: seen } = await feed([frames.open(), frames.open()], detector, {});

    assert.equal(numbers(seen), [0, 1]);
  });

  test('tells what came while busy from what nobody wanted', async () => {
    const frames = frameCounter();
    const gate = new Subject<void>();
    const detector = await fakeDetector({
      encode: (run) => (run === 0 ? lastValueFrom(gate, { defaultValue: undefined }) : undefined),
    });
    const source = new Subject<Frame>();
    const dropped: number[] = [];
    const seen: FrameDetections[] = [];
    let demand = EVERYTHING;
    const done = lastValueFrom(
      source.pipe(
        detect(detector, {
          policy: 'latest',
          demand: () => demand,
          onDropped: ({ index }) => dropped.push(index),
        }),
        tap((result) => void seen.push(result)),
      ),
    );

    [0, 1, 2].forEach(() => source.next(frames.open())); // 0 runs, 1 is dropped for 2
    demand = NOTHING;
    [3, 4].forEach(() => source.next(frames.open()));
    demand = EVERYTHING;
    source.next(frames.open()); // 2 is dropped for 5
    gate.complete();
    source.complete();
    await done;

    assert.equal(numbers(seen), [0, 5]);
    assert.equal(
      seen.map(({ skipped }) => skipped),
      [{ busy: 2, idle: 2 }, undefined],
    );
    assert.equal(dropped, [1, 3, 4, 2]);
    assert.equal([frames.opened, frames.closed, detector.numEncoded], [6, 6, 2]);
  });

  test('passes what onDropped throws, and closes everything', async () => {
    const frames = frameCounter();
    const opened = [frames.open(), frames.open()];
    const source = concat(from(opened), NEVER);
    const onDropped = (): never => {
      throw new Error('no use for it');
    };
    const idle$ = source.pipe(detect(await fakeDetector(), { demand: () => NOTHING, onDropped }));

    await assert.rejects(lastValueFrom(idle$), { message: /no use for it/ });

    await until(() => opened[0]?.closed === true);
  });

  test('leaves the source when unsubscribed while nobody wants anything', async () => {
    const source = new Subject<Frame>();
    const subscription = source
      .pipe(detect(await fakeDetector(), { demand: () => NOTHING }))
      .subscribe(() => assert.unreachable());
    const frames = frameCounter();
    source.next(frames.open());

    subscription.unsubscribe();

    assert.equal([source.observed, frames.closed], [false, 1]);
  });
});
