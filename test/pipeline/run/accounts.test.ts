import { Account, accountLine } from '../../../pipeline/run/accounts.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { assertAddsUp } from '../../support/media/ownFrames.ts';

suite('Account', (test) => {
  test('adds up at any moment, and counts what is left when a run is over', () => {
    const account = new Account();
    const tally = account.open();
    const steps = [
      () => tally.arrive(),
      () => tally.arrive(),
      () => tally.arrive(),
      () => tally.arrive(),
      () => tally.deliver(),
      () => tally.drop('busy'),
      () => tally.miss('slow', 3),
      () => tally.close({ isFault: true, cause: 'stopped' }),
    ];
    for (const step of steps) {
      step();
      assertAddsUp(account.counts());
    }

    assert.equal(account.counts(), {
      frames: 7,
      delivered: 1,
      dropped: { busy: 1, slow: 3, stopped: 1 },
      errors: 1,
      inFlight: 0,
    });
  });

  test('does not count what is told of a run that is over, and goes on with the next', () => {
    const account = new Account();
    const first = account.open();
    first.arrive();
    first.close({ isFault: false, cause: 'stopped' });
    const second = account.open();
    second.arrive();
    first.deliver();
    first.fail();
    first.close({ isFault: true, cause: 'stopped' });

    assert.is(account.inFlight, 1);
    second.deliver();
    const { frames, delivered, dropped, errors } = account.counts();
    assert.equal([frames, delivered, dropped, errors], [2, 1, { stopped: 1 }, 0]);
  });

  test('refuses to end a frame twice', () => {
    const account = new Account();
    account.arrive();
    account.deliver();

    assert.throws(() => account.drop('busy'), /no more frames are settled/);
  });

  test('is a sum in words', () => {
    const account = new Account();
    assert.is(accountLine(account.counts()), '0 frames');
    account.arrive(5);
    account.deliver();
    account.drop('busy', 2);
    account.fail();

    const line = '5 frames = 1 read + 2 busy + 1 failed + 1 under way';
    assert.is(accountLine(account.counts()), line);
  });
});
