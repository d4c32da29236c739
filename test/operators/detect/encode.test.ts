import {
  concat,
  EMPTY,
  from,
  lastValueFrom,
  Observable,
  Subject,
  take,
  throwError,
  toArray,
} from 'rxjs';
import type { Frame } from '../../../models/core/types.ts';
import { decode } from '../../../operators/detect/decode.ts';
import type { ReadFrame } from '../../../operators/detect/decode.ts';
import { encode } from '../../../operators/detect/encode.ts';
import type { EncodedFrame } from '../../../operators/detect/encode.ts';
import { objects } from '../../../operators/detect/objects.ts';
import type { ObjectsConfig } from '../../../operators/detect/detectOptions.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';

const SPOILT = new RangeError('the card fell off');

suite('encode', (test) => {
  test('gives features for each frame, in order, and closes the frame first', async () => {
    const detector = await fakeDetector();
    const frames = frameCounter();
    const opened = [frames.open({ file: 'a.png' }), frames.open()];
    const closed: boolean[] = [];

    const encoded = await lastValueFrom(from(opened).pipe(encode(detector), toArray()));

    encoded.forEach(({ info }) => closed.push(opened[info.index]?.closed ?? false));
    assert.equal(closed, [true, true]);
    assert.equal(
      encoded.map(({ info: { index, pts, file } }) => [index, pts, file]),
      [
        [0, 0, 'a.png'],
        [1, 0.04, undefined],
      ],
    );
    assert.is(detector.numOpen, 2);
    encoded.forEach((frame) => (frame.close(), frame[Symbol.dispose]()));
    assert.is(detector.numOpen, 0);
  });

  test('completes with an empty source', async () => {
    assert.equal(await lastValueFrom(EMPTY.pipe(encode(await fakeDetector()), toArray())), []);
  });

  test('passes errors of the source and of the detector, and closes the frames', async () => {
    const frames = frameCounter();
    const source = concat(
      from([frames.open(), frames.open()]),
      throwError(() => SPOILT),
    );
    const failing = await fakeDetector({ encode: () => Promise.reject(SPOILT) });

    await assert.rejects(lastValueFrom(source.pipe(encode(await fakeDetector()))), {
      name: 'RangeError',
    });
    await until(() => frames.closed === 2);
    await assert.rejects(
      lastValueFrom(from([frames.open(), frames.open()]).pipe(encode(failing))),
      {
        name: 'RangeError',
      },
    );

    assert.equal([frames.opened, frames.closed], [4, 4]);
  });

  test('closes features that come after the consumer left', async () => {
    const frames = frameCounter();
    const gate = new Subject<void>();
    const wait = (): Promise<void> => lastValueFrom(gate, { defaultValue: undefined });
    const detector = await fakeDetector({ encode: wait });
    const source = from([frames.open(), frames.open()]);
    const subscription = source.pipe(encode(detector)).subscribe(() => assert.unreachable());

    subscription.unsubscribe();
    assert.is(frames.closed, 1, 'the waiting one; the other is lent to the encoder');
    gate.complete();
    await until(() => frames.closed === 2);
    await new Promise((resolve) => setImmediate(resolve));

    assert.equal([detector.numEncoded, detector.numOpen], [1, 0]);
  });

  test('stops with a consumer that has enough of a synchronous source', async () => {
    const frames = frameCounter();
    const detector = await fakeDetector();
    const source = new Observable<Frame>((subscriber) => {
      for (let count = 0; count < 9; count++) {
        subscriber.next(frames.open());
      }
    });

    const encoded = await lastValueFrom(source.pipe(encode(detector), take(2), toArray()));

    encoded.forEach((frame) => frame.close());
    assert.equal([frames.opened, frames.closed, detector.numOpen], [9, 9, 0]);
    assert.is(detector.numEncoded, 2);
  });
});

suite('decode', (test) => {
  const frames = frameCounter();

  test('reads each encoded frame, in order, and closes it', async () => {
    const detector = await fakeDetector();

    const read = await lastValueFrom(
      from([frames.open(), frames.open()]).pipe(encode(detector), decode(detector), toArray()),
    );

    assert.equal(
      read.map(({ sequence }) => [...sequence.tokens]),
      Array.from({ length: 2 }, () => [1010, 1010, 1110, 1110, 100]),
    );
    assert.ok(
      read.every(({ firstObjectMs, encodeMs }) => (firstObjectMs ?? -1) >= 0 && encodeMs === 1),
    );
    assert.is(detector.numOpen, 0);
  });

  test('passes an error of the detector, and closes what waits', async () => {
    const detector = await fakeDetector({ decode: () => Promise.reject(SPOILT) });
    const encoded: EncodedFrame[] = await lastValueFrom(
      from([frames.open(), frames.open(), frames.open()]).pipe(encode(detector), toArray()),
    );

    await assert.rejects(lastValueFrom(from(encoded).pipe(decode(detector))), {
      name: 'RangeError',
    });

    assert.is(detector.numOpen, 0);
  });

  test('tells the reading to end when the consumer leaves, and closes what waits', async () => {
    const gate = new Subject<void>();
    const wait = (): Promise<void> => lastValueFrom(gate, { defaultValue: undefined });
    const detector = await fakeDetector({ decode: wait });
    const encoded = await lastValueFrom(
      from([frames.open(), frames.open()]).pipe(encode(detector), toArray()),
    );

    const subscription = from(encoded)
      .pipe(decode(detector))
      .subscribe(() => assert.unreachable());
    subscription.unsubscribe();

    assert.is(detector.signals[0]?.aborted, true);
    assert.is(detector.numOpen, 1, 'the one that is lent to the decoder');
    gate.complete();
    await until(() => detector.numOpen === 0);
  });

  test('throws at the call for a wrong option', async () => {
    const detector = await fakeDetector();
    const options: object = { maxObject: 3 };

    await assert.rejects(() => decode(detector, options), {
      name: 'TypeError',
      message: /maxObjects/,
    });
    await assert.rejects(() => decode(detector, { topP: 2 }), { name: 'RangeError' });
  });
});

suite('objects', (test) => {
  const results = async (config?: ObjectsConfig): Promise<readonly string[][]> => {
    const detector = await fakeDetector();
    const read: ReadFrame[] = await lastValueFrom(
      from([
        frameCounter().open({
          width: 250,
          height: 500,
          letterbox: { scaleX: 0.832, scaleY: 0.832 },
        }),
      ]).pipe(encode(detector), decode(detector), toArray()),
    );
    const found = await lastValueFrom(from(read).pipe(objects(detector, config), toArray()));
    return found.map(({ detections }) =>
      detections.map(
        ({ label, box }) => `${label} ${Object.values(box).map(Math.round).join(' ')}`,
      ),
    );
  };

  test('turns tokens into boxes in source pixels', async () => {
    // bins 10 and 110 of 500 over 416 pixels, at 0.832 pixels of the model to one of the source
    assert.equal(await results(), [['person 10 10 110 110']]);
  });

  test('gives a result for a frame in which nothing is wanted', async () => {
    assert.equal(await results({ minScore: 0.95 }), [[]]);
    assert.equal(await results({ classes: ['car'] }), [[]]);
    assert.equal(await results({ minScore: 0.9, classes: ['car', 'person'] }), [[]]);
    assert.is((await results({ minScore: 0.89, classes: ['person'] }))[0]?.length, 1);
  });

  test('throws at the call for wrong options, with the nearest class', async () => {
    const detector = await fakeDetector();
    const wrong: object = { minscore: 0.5 };

    await assert.rejects(() => objects(detector, wrong), { message: /minScore/ });
    await assert.rejects(() => objects(detector, { minScore: -1 }), { name: 'RangeError' });
    await assert.rejects(() => objects(detector, { classes: ['car', 'motorcycel'] }), {
      name: 'TypeError',
      message: /no class `motorcycel`; did you mean `?motorcycle/,
    });
  });
});
