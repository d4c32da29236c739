import { createCounters } from '../../../server/hub/counters.ts';
import { Outbox } from '../../../server/clients/outbox.ts';
import type { OutboxSocket } from '../../../server/clients/outbox.ts';
import * as assert from '../../support/assert.ts';
import { until } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

/** A socket whose bytes leave when the test says so. */
function createFakeSocket(): OutboxSocket & { readonly sent: string[]; leave(): void } {
  const sent: string[] = [];
  const written: (() => void)[] = [];
  const socket = {
    sent,
    bufferedAmount: 0,
    send(data: Uint8Array, _options: unknown, callback: () => void) {
      sent.push(Buffer.from(data).toString());
      socket.bufferedAmount += data.byteLength;
      written.push(callback);
    },
    leave() {
      socket.bufferedAmount = 0;
      written.splice(0).forEach((callback) => callback());
    },
  };
  return socket as unknown as ReturnType<typeof createFakeSocket>;
}

function createOutbox({ slowMs = 10_000 } = {}): {
  readonly socket: ReturnType<typeof createFakeSocket>;
  readonly outbox: Outbox;
  readonly calls: string[];
} {
  const socket = createFakeSocket();
  const calls: string[] = [];
  const outbox = new Outbox(socket, {
    maxBytes: 10,
    slowMs,
    binary: false,
    counters: createCounters(),
    onRoom: () => calls.push('room'),
    onStuck: () => calls.push('stuck'),
  });
  return { socket, outbox, calls };
}

const bytes = (text: string): Uint8Array => Buffer.from(text);

suite('Outbox', (test) => {
  test('counts before it sends: nothing of what does not fit', () => {
    const { socket, outbox } = createOutbox();

    assert.ok(outbox.offer(bytes('12345')));
    assert.not.ok(outbox.offer(bytes('123456')));
    assert.ok(outbox.admits(5));
    assert.ok(outbox.offer(bytes('67890')));

    assert.equal(socket.sent, ['12345', '67890']);
    outbox.close();
  });

  test('takes a message of any size while it is empty', () => {
    const { outbox } = createOutbox();

    assert.ok(outbox.offer(bytes('x'.repeat(99))));
  });

  test('honors a lower limit', () => {
    const { outbox } = createOutbox();
    outbox.offer(bytes('1'));

    assert.not.ok(outbox.offer(bytes('2'), 1));
    assert.ok(outbox.offer(bytes('2'), 2));
    outbox.close();
  });

  test('tells of room only after a refusal', () => {
    const { socket, outbox, calls } = createOutbox();
    outbox.offer(bytes('1234567890'));
    socket.leave();
    assert.equal(calls, []);

    outbox.offer(bytes('1234567890'));
    outbox.offer(bytes('x'));
    socket.leave();

    assert.equal(calls, ['room']);
  });

  test('is stuck when it refused for `slowMs`, not when bytes left meanwhile', async () => {
    const one = createOutbox({ slowMs: 20 });
    const other = createOutbox({ slowMs: 20 });
    for (const { outbox } of [one, other]) {
      outbox.offer(bytes('1234567890'));
      outbox.offer(bytes('x'));
    }

    other.socket.leave();
    await until(() => one.calls.length > 0);

    assert.equal(one.calls, ['stuck']);
    assert.equal(other.calls, ['room']);
  });

  test('is stuck at once when a message that must not be lost exceeds the reserve', () => {
    const { socket, outbox, calls } = createOutbox();
    outbox.insist(bytes('x'.repeat(65_546)));
    assert.equal(calls, []);

    outbox.insist(bytes('x'));

    assert.equal(calls, ['stuck']);
    assert.is(socket.sent.length, 1);
  });
});
