import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { lastValueFrom } from 'rxjs';
import { probe } from '../../../../operators/sources/live/probe.ts';
import { readLiveSource } from '../../../../operators/sources/live/liveSource.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('probe', (test) => {
  const ask = (address: string): Promise<string> =>
    lastValueFrom(probe(readLiveSource(address)), { defaultValue: 'go on' });
  let server: Server | undefined;
  let numCallers = 0;
  const listen = async (): Promise<number> => {
    numCallers = 0;
    server = createServer((socket) => {
      numCallers += 1;
      socket.on('error', () => undefined).resume();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  test.afterEach(() => void server?.close());

  test('completes where a camera answers', async () => {
    const port = await listen();

    assert.is(await ask(`rtsp://me:secret@127.0.0.1:${port}/live`), 'go on');
  });

  test('takes a refusal for a loss', async () => {
    const port = await listen();
    server?.close();

    await assert.rejects(() => ask(`http://127.0.0.1:${port}/`), {
      name: 'LiveLoss',
      message: /^Connection refused$/,
    });
  });

  test('asks nobody who may take one caller only, and nothing that is no server', async () => {
    const port = await listen();

    for (const source of [
      `tcp://127.0.0.1:${port}`,
      `udp://127.0.0.1:${port}`,
      'test:',
      'webcam:0',
    ]) {
      assert.is(await ask(source), 'go on');
    }
    assert.is(numCallers, 0);
  });
});
