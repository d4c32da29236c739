import { FrameLedger, countsLine } from '../../../pipeline/run/frameLedger.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { assertAddsUp } from '../../support/media/ownFrames.ts';

suite('FrameLedger', (test) => {
  test('adds up at any moment, and counts what is left when a run is over', () => {
    const ledger = new FrameLedger();
    const run = ledger.open();
    const steps = [
      () => run.arrive(),
      () => run.arrive(),
      () => run.arrive(),
      () => run.arrive(),
      () => run.deliver(),
      () => run.drop('busy'),
      () => run.miss('slow'),
      () => run.miss('slow'),
      () => run.miss('slow'),
      () => run.close({ isFault: true, cause: 'stopped' }),
    ];
    for (const step of steps) {
      step();
      assertAddsUp(ledger.counts());
    }

    assert.equal(ledger.counts(), {
      frames: 7,
      delivered: 1,
      dropped: { busy: 1, slow: 3, stopped: 1 },
      errors: 1,
      inFlight: 0,
    });
  });

  test('does not count what is told of a run that is over, and goes on with the next', () => {
    const ledger = new FrameLedger();
    const first = ledger.open();
    first.arrive();
    first.close({ isFault: false, cause: 'stopped' });
    const second = ledger.open();
    second.arrive();
    first.deliver();
    first.fail();
    first.close({ isFault: true, cause: 'stopped' });

    assert.is(ledger.inFlight, 1);
    second.deliver();
    const { frames, delivered, dropped, errors } = ledger.counts();
    assert.equal([frames, delivered, dropped, errors], [2, 1, { stopped: 1 }, 0]);
  });

  test('says with each result what was lost since the last one', () => {
    const run = new FrameLedger().open();
    const skipped: unknown[] = [];
    run.arrive();
    skipped.push(run.deliver());
    run.miss('slow');
    run.arrive();
    run.drop('busy');
    run.miss('slow');
    run.arrive();
    run.fail();
    run.arrive();
    skipped.push(run.deliver());
    run.arrive();
    skipped.push(run.deliver());

    assert.equal(skipped, [undefined, { slow: 2, busy: 1, error: 1 }, undefined]);
  });

  test('refuses to end a frame twice', () => {
    const ledger = new FrameLedger();
    ledger.arrive();
    ledger.deliver();

    assert.throws(() => ledger.drop('busy'), /no more frames are settled/);
  });

  test('is a sum in words', () => {
    const ledger = new FrameLedger();
    assert.is(countsLine(ledger.counts()), '0 frames');
    ledger.arrive(5);
    ledger.deliver();
    ledger.drop('busy', 2);
    ledger.fail();

    const line = '5 frames = 1 read + 2 busy + 1 failed + 1 under way';
    assert.is(countsLine(ledger.counts()), line);
  });
});
