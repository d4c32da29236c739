import {
  concat,
  EMPTY,
  from,
  lastValueFrom,
  NEVER,
  Observable,
  Subject,
  take,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import type { Detector, Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import type { DropCause } from '../../../operators/detect/losses.ts';
import { encode } from '../../../operators/detect/encode.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';

function results(frames: Observable<Frame>, detector: Detector, config: DetectConfig = {}) {
  return lastValueFrom(frames.pipe(detect(detector, config), toArray()));
}

suite('detect', (test) => {
  const numbers = (list: readonly FrameDetections[]): number[] => list.map(({ frame }) => frame);

  test('gives one result a frame, in order, and shows each while its pixels are there', async () => {
    const detector = await fakeDetector();
    const frames = frameCounter();
    const shown: number[] = [];

    const seen = await results(from([frames.open(), frames.open(), frames.open()]), detector, {
      onFrame: (frame) => {
        assert.is(frame.closed, false);
        shown.push(frame.index, frame.image.length);
      },
    });

    assert.equal(numbers(seen), [0, 1, 2]);
    assert.equal(shown, [0, 48, 1, 48, 2, 48]);
    assert.equal([frames.closed, detector.numOpen], [3, 0]);
  });

  test('completes with an empty source', async () => {
    assert.equal(await results(EMPTY, await fakeDetector()), []);
  });

  test('stays with a source that never emits, and leaves it', async () => {
    const detector = await fakeDetector();
    let isLeft = false;
    const source = new Observable<Frame>(() => () => (isLeft = true));

    source
      .pipe(detect(detector))
      .subscribe(() => assert.unreachable())
      .unsubscribe();

    assert.is(isLeft, true);
  });

  test('passes an error of the source behind the frames that came before it', async () => {
    const frames = frameCounter();
    const detector = await fakeDetector();
    let numResults = 0;
    const source = concat(
      from([frames.open(), frames.open(), frames.open()]),
      throwError(() => new RangeError('the camera is gone')),
    );

    const counted$ = source.pipe(
      detect(detector),
      tap(() => (numResults += 1)),
    );
    await assert.rejects(lastValueFrom(counted$), {
      name: 'RangeError',
      message: /camera is gone/,
    });

    assert.is(numResults, 3);
    assert.is(frames.closed, 3);
  });

  test('passes what onFrame throws, and closes the frame', async () => {
    const frames = frameCounter();
    const onFrame = (): never => {
      throw new RangeError('no');
    };

    const source = from([frames.open(), frames.open()]);
    await assert.rejects(results(source, await fakeDetector(), { onFrame }), {
      name: 'RangeError',
    });

    assert.equal([frames.opened, frames.closed], [2, 2]);
  });

  for (const part of ['encode', 'decode'] as const) {
    test(`passes an error of the detector's ${part}, and closes everything`, async () => {
      const frames = frameCounter();
      const detector = await fakeDetector({
        [part]: (run: number) =>
          run === 1 ? Promise.reject(new Error('the card fell off')) : undefined,
      });
      const seen: number[] = [];
      const source = from([frames.open(), frames.open(), frames.open(), frames.open()]);

      await assert.rejects(
        lastValueFrom(
          source.pipe(
            detect(detector),
            tap(({ frame }) => void seen.push(frame)),
          ),
        ),
        { message: /card fell off/ },
      );

      assert.equal(seen, [0]);
      assert.equal([frames.opened, frames.closed, detector.numOpen], [4, 4, 0]);
    });
  }

  for (const policy of ['every', 'latest'] as const) {
    test(`ends the reading when unsubscribed, and closes everything (${policy})`, async () => {
      const frames = frameCounter();
      const gate = new Subject<void>();
      const detector = await fakeDetector({ decode: () => lastValueFrom(gate) });
      const source = new Subject<Frame>();
      const subscription = source
        .pipe(detect(detector, { policy }))
        .subscribe(() => assert.unreachable());
      for (let count = 0; count < 3; count++) {
        source.next(frames.open());
      }
      await until(() => detector.signals.length === 1);

      subscription.unsubscribe();
      assert.is(detector.signals[0]?.aborted, true);
      assert.is(source.observed, false);
      assert.equal([frames.opened, frames.closed], [3, 3]);

      gate.next();
      gate.complete();
      await until(() => detector.numOpen === 0);
      assert.is(detector.numEncoded, 1);
    });
  }

  test('closes features that the encoder gives after everyone left', async () => {
    const frames = frameCounter();
    const gate = new Subject<void>();
    for (const operator of [detect, encode] as const) {
      const detector = await fakeDetector({
        encode: () => lastValueFrom(gate, { defaultValue: undefined }),
      });
      const subscription = from([frames.open()])
        .pipe(operator(detector) as ReturnType<typeof encode>)
        .subscribe(() => assert.unreachable());
      await until(() => detector.numEncoded === 1);

      subscription.unsubscribe();
      gate.complete();
      await until(() => frames.closed === frames.opened);

      await until(() => detector.numOpen === 0);
    }
  });

  test('stops with a consumer that has enough, also of a synchronous source', async () => {
    const frames = frameCounter();
    const source = new Observable<Frame>((subscriber) => {
      for (let count = 0; count < 10 && !subscriber.closed; count++) {
        subscriber.next(frames.open());
      }
      subscriber.complete();
    });

    const seen = await results(source.pipe(take(8)), await fakeDetector());
    const few = await lastValueFrom(source.pipe(detect(await fakeDetector()), take(2), toArray()));

    assert.is(seen.length, 8);
    assert.equal(numbers(few), [8, 9]);
    assert.is(frames.closed, frames.opened);
  });

  test('counts the frames that were dropped since the last result', async () => {
    const frames = frameCounter();
    const gates = [new Subject<void>(), new Subject<void>()];
    const detector = await fakeDetector({
      encode: (run) => gates[run] && lastValueFrom(gates[run], { defaultValue: undefined }),
    });
    const source = new Subject<Frame>();
    const dropped: string[] = [];
    const onDropped = ({ index }: Frame, cause: DropCause): unknown =>
      dropped.push(`${index} ${cause}`);
    const seen: FrameDetections[] = [];
    const done = lastValueFrom(
      source.pipe(
        detect(detector, { policy: 'latest', onDropped }),
        tap((result) => void seen.push(result)),
      ),
    );

    [0, 1, 2, 3].forEach(() => source.next(frames.open())); // 0 runs, 3 waits
    gates[0]?.complete();
    await until(() => detector.numEncoded === 2);
    [4, 5].forEach(() => source.next(frames.open())); // 3 runs, 5 waits
    source.complete();
    gates[1]?.complete();
    await done;

    assert.equal(numbers(seen), [0, 3, 5]);
    assert.equal(
      seen.map(({ skipped }) => skipped?.['busy'] ?? 0),
      [2, 1, 0],
    );
    assert.equal(dropped, ['1 busy', '2 busy', '4 busy']);
    assert.equal([frames.opened, frames.closed], [6, 6]);
  });

  test('passes what onDropped throws, and closes everything', async () => {
    const frames = frameCounter();
    const source = from([frames.open(), frames.open(), frames.open()]);
    const onDropped = (): never => {
      throw new Error('no use for it');
    };

    await assert.rejects(
      results(concat(source, NEVER), await fakeDetector(), { policy: 'latest', onDropped }),
      { message: /no use for it/ },
    );

    await until(() => frames.closed === 3);
  });

  const wrong: readonly (readonly [object, string, RegExp])[] = [
    [{ polici: 'latest' }, 'TypeError', /polici/],
    [{ policy: 'lates' }, 'TypeError', /did you mean `?latest/],
    [{ minScore: 2 }, 'RangeError', /minScore/],
    [{ classes: ['persn'] }, 'TypeError', /no class `persn`; did you mean `?person/],
    [{ maxObjects: 0 }, 'RangeError', /maxObjects/],
    [{ maxObject: 3 }, 'TypeError', /did you mean `?maxObjects/],
  ];
  for (const [config, name, message] of wrong) {
    test(`throws at the call for ${JSON.stringify(config)}`, async () => {
      const detector = await fakeDetector();

      await assert.rejects(() => detect(detector, config), { name, message });
    });
  }
});
