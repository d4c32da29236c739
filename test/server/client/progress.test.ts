import { Progress } from '../../../server/client/progress.ts';
import type { Arrival } from '../../../server/client/progress.ts';
import type { DetectionQuery } from '../../../server/client/index.ts';
import type { FrameMessage, GapCause, GapMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { frameOf } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const frame = (seq: number, source = 'door'): FrameMessage => ({
  ...{ v: 1, id: 'a', ...frameOf(seq), source, seq },
});
const gap = (from: number, to: number, cause: GapCause = 'slow'): GapMessage => ({
  ...{ v: 1, type: 'gap', id: 'a', source: 'door', from, to, cause },
});

function progressOf(query: DetectionQuery = {}): Progress {
  const progress = new Progress({ id: 'a', query, onDone: () => undefined });
  progress.connect('e1');
  return progress;
}

/** Takes messages in, is done with all that arrives, and tells it in short: `3`, `slow 4-5`. */
function accept(progress: Progress, ...messages: readonly (FrameMessage | GapMessage)[]): string[] {
  return messages.flatMap((message) => finish(progress.accept(message)));
}

function finish(arrivals: readonly Arrival[]): string[] {
  arrivals.forEach(({ done }) => done());
  return arrivals.map(({ message }) =>
    message.type === 'frame' ? `${message.seq}` : `${message.cause} ${message.from}-${message.to}`,
  );
}

suite('Progress', (test) => {
  test('begins with whatever comes first', () => {
    assert.equal(accept(progressOf(), frame(7), frame(8)), ['7', '8']);
    assert.equal(accept(progressOf(), gap(3, 6), frame(7)), ['slow 3-6', '7']);
  });

  test('leaves out what was there before, and the part of a gap that was', () => {
    const progress = progressOf();

    const got = accept(
      progress,
      frame(1),
      frame(2),
      frame(2),
      frame(1),
      gap(1, 2),
      gap(2, 4),
      frame(5),
    );

    assert.equal(got, ['1', '2', 'slow 3-4', '5']);
  });

  test('announces a hole that nobody announced, before a frame and before a gap', () => {
    const got = accept(progressOf(), frame(1), frame(4), gap(6, 7), frame(8));

    assert.equal(got, ['1', 'lost 2-3', '4', 'lost 5-5', 'slow 6-7', '8']);
  });

  test('takes holes for wished under everyMs', () => {
    const got = accept(progressOf({ policy: { everyMs: 200 } }), frame(1), frame(4), frame(4));

    assert.equal(got, ['1', '4']);
  });

  test('counts each source by itself', () => {
    const progress = progressOf();

    const got = accept(progress, frame(5), frame(1, 'yard'), frame(6), frame(2, 'yard'));

    assert.equal(got, ['5', '1', '6', '2']);
    assert.equal(progress.fromSeq(), { door: 7, yard: 3 });
  });

  test('begins where the query says', () => {
    const progress = progressOf({ fromSeq: { door: 5, new: 0 }, epoch: 'e1' });

    assert.equal(progress.fromSeq(), { door: 5, new: 1 });
    assert.equal(accept(progress, frame(4), frame(6)), ['lost 5-5', '6']);
  });

  test('tells of a restart where the epoch is another one, and counts anew', () => {
    const progress = progressOf();
    accept(progress, frame(50));

    assert.equal(finish(progress.connect('e1')), []);
    assert.equal(finish(progress.connect('e2')), ['restart 0-0']);

    assert.equal(progress.fromSeq(), { door: 1 });
    assert.equal(accept(progress, frame(1), frame(2)), ['1', '2']);
    assert.equal(finish(progress.connect('e2')), []);
  });

  test('tells of a restart since the query was made', () => {
    const progress = new Progress({
      id: 'a',
      query: { fromSeq: { door: 9 }, epoch: 'old' },
      onDone: () => undefined,
    });

    assert.equal(finish(progress.connect('e1')), ['restart 0-0']);
    assert.equal(progress.fromSeq(), { door: 1 });
  });

  test('goes on behind a restart that the server tells', () => {
    const got = accept(progressOf(), frame(50), gap(1, 3, 'restart'), frame(4));

    assert.equal(got, ['50', 'restart 1-3', '4']);
  });

  test('resumes behind what the consumer is done with, and passes on what it has not had', () => {
    const progress = progressOf();
    const arrivals = [1, 2, 3].flatMap((seq) => progress.accept(frame(seq)));
    arrivals[0]?.done();

    progress.connect('e1');

    assert.equal(progress.fromSeq(), { door: 2 });
    assert.equal(accept(progress, frame(2), frame(3), frame(4)), ['4']);
  });

  test('acknowledges what is done, and on a new connection only what that has brought', () => {
    const progress = progressOf();
    const arrivals = [1, 2, 3].flatMap((seq) => progress.accept(frame(seq)));
    arrivals[0]?.done();
    assert.equal(progress.takeAcks(), { door: 1 });
    assert.equal(progress.takeAcks(), {});

    progress.connect('e1');
    arrivals[1]?.done();
    arrivals[2]?.done();
    assert.equal(progress.takeAcks(), {});
    progress.accept(frame(2));

    assert.equal(progress.takeAcks(), { door: 2 });
  });

  test('does not count what is done of another epoch', () => {
    const progress = progressOf();
    const [old] = progress.accept(frame(50));
    progress.connect('e2');

    old?.done();
    progress.accept(frame(1));

    assert.equal([progress.fromSeq(), progress.takeAcks()], [{ door: 1 }, {}]);
  });

  test('tells how much may be acknowledged, also where a repetition makes it so', () => {
    const told: number[] = [];
    const progress = new Progress({ id: 'a', query: {}, onDone: (num) => told.push(num) });
    progress.connect('e1');
    accept(progress, frame(1), frame(2));
    const [third] = progress.accept(frame(3));
    progress.connect('e1');
    third?.done();
    progress.accept(frame(3));

    assert.equal(told, [1, 2, 0, 1]);
  });

  test('keeps count of a thousand sources', () => {
    const progress = progressOf();
    for (let i = 0; i < 1_010; i++) {
      progress.accept(frame(1, `source${i}`));
    }

    const sources = Object.keys(progress.fromSeq());
    assert.equal([sources.length, sources[0]], [1_000, 'source10']);
  });
});
