import type { SubscriptionMessage } from '../../../server/client/index.ts';
import * as assert from '../assert.ts';

/** What a consumer got of one source, counted. */
export interface Tally {
  readonly numFrames: number;
  /** Frames that gaps announced as missing. */
  readonly numMissing: number;
  readonly numRestarts: number;
}

/**
 * Asserts that messages of one source follow each other without a repetition, and without a hole that no gap
 * of the server's announced before it.
 */
export function expectWhole(messages: readonly SubscriptionMessage[]): Tally {
  const tally = { numFrames: 0, numMissing: 0, numRestarts: 0 };
  let expected: number | undefined;
  for (const message of messages) {
    if (message.type === 'object') {
      continue;
    }
    const [from, to] =
      message.type === 'frame' ? [message.seq, message.seq] : [message.from, message.to];
    if (message.type === 'gap' && message.cause === 'restart') {
      tally.numRestarts += 1;
    } else {
      assert.is(
        from,
        expected ?? from,
        `${message.type} ${from} follows ${(expected ?? from) - 1}`,
      );
      assert.ok(to >= from);
    }
    if (message.type === 'gap') {
      assert.is.not(message.cause, 'lost');
      tally.numMissing += from === 0 ? 0 : to - from + 1;
    }
    tally.numFrames += message.type === 'frame' ? 1 : 0;
    expected = to + 1;
  }
  return tally;
}
