/** The process of the subscribers: opens what it is told to, and says what came when it is asked. */
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ReadersReply, ReadersRequest } from './fanoutMessages.ts';

process.on('disconnect', () => process.exit(1));
let numMessages = 0;
let delaysMs: number[] = [];

async function open({ port, path, isTimed }: ReadersRequest, isStalled: boolean): Promise<void> {
  // nothing is checked that the bench does not ask for: these readers must keep up
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { skipUTF8Validation: true });
  socket.on('error', () => undefined);
  await once(socket, 'open');
  socket.send('{"type":"subscribe","id":"a"}');
  socket.on('message', (data) => {
    numMessages += 1;
    if (isTimed) {
      const now = performance.timeOrigin + performance.now();
      const [, captured] = /"capturedAt":([\d.]+)/.exec((data as Buffer).toString()) ?? [];
      if (captured !== undefined) {
        delaysMs.push(now - Number(captured));
      }
    }
  });
  if (isStalled) {
    socket.pause();
  }
}

process.on('message', (request: ReadersRequest | 'report') => {
  if (request === 'report') {
    process.send?.({ numMessages, delaysMs } satisfies ReadersReply);
    numMessages = 0;
    delaysMs = [];
    return;
  }
  void (async () => {
    for (let i = 0; i < request.numReading + request.numStalled; i++) {
      await open(request, i >= request.numReading);
    }
    process.send?.('open');
  })();
});
