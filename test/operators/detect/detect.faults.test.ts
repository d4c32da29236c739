import { Subject, from, lastValueFrom, tap, toArray } from 'rxjs';
import { PipelineError } from '../../../models/core/errors.ts';
import type { ErrorCode } from '../../../models/core/errors.ts';
import type { Frame, FrameDetections } from '../../../models/core/types.ts';
import { detect } from '../../../operators/detect/detect.ts';
import type { DetectConfig } from '../../../operators/detect/detectOptions.ts';
import * as assert from '../../support/assert.ts';
import { frameCounter } from '../../support/frames.ts';
import { suite } from '../../support/suite.ts';
import { until } from '../../support/media/clips.ts';
import { fakeDetector } from '../../support/detect/fakeDetector.ts';
import type { FakeDetector, FakeOptions } from '../../support/detect/fakeDetector.ts';

type Part = keyof FakeOptions;

/** A detector that fails in some of its runs. */
function failing(
  part: Part,
  runs: readonly number[],
  code: ErrorCode = 'ERR_WORKER_EXIT',
): Promise<FakeDetector> {
  return fakeDetector({
    [part]: (run: number) =>
      runs.includes(run) ? Promise.reject(new PipelineError(code, `run ${run}`)) : undefined,
  });
}

suite('detect, with a detector that fails', (test) => {
  const numbers = (list: readonly FrameDetections[]): number[] => list.map(({ frame }) => frame);
  const losses = (list: readonly FrameDetections[]): unknown[] =>
    list.map(({ skipped }) => skipped);
  const read = (
    frames: readonly Frame[],
    detector: FakeDetector,
    config: DetectConfig,
  ): Promise<FrameDetections[]> =>
    lastValueFrom(from(frames).pipe(detect(detector, config), toArray()));

  for (const part of ['encode', 'decode'] as const) {
    for (const code of ['ERR_WORKER_EXIT', 'ERR_MODEL_RUN'] as const) {
      test(`goes on after ${code} of ${part}, counts the frame, and tells of it`, async () => {
        const frames = frameCounter();
        const detector = await failing(part, [1, 2], code);
        const faults: unknown[] = [];
        const onFault = (error: PipelineError, { index, pts, closed }: Frame): void =>
          void faults.push([error.code, error.message, index, pts, closed]);

        const seen = await read(
          [0, 1, 2, 3, 4].map(() => frames.open()),
          detector,
          { onFault },
        );

        assert.equal(numbers(seen), [0, 3, 4]);
        assert.equal(losses(seen), [undefined, { error: 2 }, undefined]);
        assert.equal(faults, [
          [code, 'run 1', 1, 0.04, true],
          [code, 'run 2', 2, 0.08, true],
        ]);
        assert.equal([frames.opened, frames.closed, detector.numOpen], [5, 5, 0]);
      });
    }
  }

  test('begins anew behind a fault: the next frame has no draft', async () => {
    const frames = frameCounter();
    const detector = await failing('encode', [2]);
    const drafts: (number | undefined)[] = [];
    const spy: FakeDetector = Object.create(detector, {
      decode: {
        value: (...args: Parameters<FakeDetector['decode']>) => {
          drafts.push(args[1]?.draft?.length);
          return detector.decode(...args);
        },
      },
    });

    await read(
      [0, 1, 2, 3, 4].map(() => frames.open()),
      spy,
      { onFault: () => {} },
    );

    assert.equal(drafts, [0, 5, 0, 5]);
  });

  test('ends with any other error', async () => {
    const frames = frameCounter();
    const detector = await failing('decode', [1], 'ERR_TOKEN_RANGE');
    const three = [0, 1, 2].map(() => frames.open());

    const done = read(three, detector, { onFault: () => assert.unreachable() });

    await assert.rejects(done, { code: 'ERR_TOKEN_RANGE' });
    assert.equal([frames.closed, detector.numOpen], [3, 0]);
  });

  test('ends with the fault where nobody wants to be told', async () => {
    const frames = frameCounter();

    const done = read([frames.open(), frames.open()], await failing('encode', [0]), {});

    await assert.rejects(done, { code: 'ERR_WORKER_EXIT' });
    assert.is(frames.closed, 2);
  });

  test('passes what onFault throws, and closes everything', async () => {
    const frames = frameCounter();
    const onFault = (): never => {
      throw new RangeError('enough');
    };

    const done = read([frames.open(), frames.open()], await failing('encode', [0]), { onFault });

    await assert.rejects(done, { name: 'RangeError' });
    assert.is(frames.closed, 2);
  });

  test('completes where every frame fails', async () => {
    const frames = frameCounter();
    let numFaults = 0;

    const seen = await read([frames.open(), frames.open()], await failing('encode', [0, 1]), {
      onFault: () => (numFaults += 1),
    });

    assert.equal([seen, numFaults, frames.closed], [[], 2, 2]);
  });

  test('accounts for every frame of a live source: a result, dropped, or a fault', async () => {
    const frames = frameCounter();
    const gate = new Subject<void>();
    let isFirst = true;
    const detector = await fakeDetector({
      encode: async () => {
        if (isFirst) {
          isFirst = false;
          await lastValueFrom(gate, { defaultValue: undefined });
          throw new PipelineError('ERR_WORKER_EXIT', 'gone');
        }
      },
    });
    const source = new Subject<Frame>();
    const told = {
      results: [] as FrameDetections[],
      dropped: [] as number[],
      failed: [] as number[],
    };
    const done = lastValueFrom(
      source.pipe(
        detect(detector, {
          policy: 'latest',
          onDropped: ({ index }) => told.dropped.push(index),
          onFault: (_, { index }) => told.failed.push(index),
        }),
        tap((result) => told.results.push(result)),
      ),
    );

    [0, 1, 2, 3].forEach(() => source.next(frames.open())); // 0 is in the detector, 3 waits
    gate.complete();
    await until(() => told.results.length === 1);
    source.next(frames.open());
    source.complete();
    await done;

    assert.equal(numbers(told.results), [3, 4]);
    assert.equal([told.dropped, told.failed], [[1, 2], [0]]);
    assert.equal(losses(told.results), [{ busy: 2, error: 1 }, undefined]);
    assert.equal([frames.opened, frames.closed], [5, 5]);
  });

  test('tells of no fault once everybody left', async () => {
    const frames = frameCounter();
    const gate = new Subject<void>();
    const detector = await fakeDetector({
      decode: async () => {
        await lastValueFrom(gate, { defaultValue: undefined });
        throw new PipelineError('ERR_WORKER_EXIT', 'gone');
      },
    });
    const subscription = from([frames.open()])
      .pipe(detect(detector, { onFault: () => assert.unreachable() }))
      .subscribe(() => assert.unreachable());
    await until(() => detector.signals.length === 1);

    subscription.unsubscribe();
    gate.complete();

    await until(() => detector.numOpen === 0);
    assert.is(frames.closed, 1);
  });
});
