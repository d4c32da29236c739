import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { ServerMessage } from '../../server/index.ts';
import { socketUrl } from './healthyClient.ts';

const NUM_CLIENTS = 40;
const NUM_SUBSCRIPTIONS = 32;
/** How long frames are counted, without the large filters and with them, ms. */
const COUNT_MS = 8_000;
/** A client may send 50 messages a second; a pause after each that keeps it below. */
const PAUSE_MS = 30;
/** Time for the model to be loaded, and for what was sent to be worked off, ms. */
const SETTLE_MS = 4_000;
/** Frames that must be left of those before, as a share: the machine does other things too. */
const LEAST_SHARE = 0.3;

async function open(url: string): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(url));
  await once(socket, 'open');
  return socket;
}

/** Subscribes with thousands of labels that no model has. @returns how many frames others get, before and then */
export async function largeFilters(url: string): Promise<string> {
  const healthy = await open(url);
  let numFrames = 0;
  healthy.on('message', (data) => {
    const { type } = JSON.parse((data as Buffer).toString()) as ServerMessage;
    numFrames += type === 'frame' ? 1 : 0;
  });
  healthy.send('{"type":"subscribe","id":"healthy"}');
  const count = async (): Promise<number> => {
    numFrames = 0;
    await sleep(COUNT_MS);
    return numFrames;
  };
  await sleep(SETTLE_MS);
  const before = await count();
  const sockets = await Promise.all(Array.from({ length: NUM_CLIENTS }, () => open(url)));
  for (let i = 0; i < NUM_SUBSCRIPTIONS; i++) {
    sockets.forEach((socket, client) => {
      const classes = Array.from({ length: 256 }, (_, k) => `${client}-${i}-${k}`);
      const policy = { everyMs: 3_600_000 };
      socket.send(JSON.stringify({ type: 'subscribe', id: `s${i}`, policy, classes, limit: 1 }));
    });
    await sleep(PAUSE_MS);
  }
  await sleep(SETTLE_MS);
  const after = await count();
  [healthy, ...sockets].forEach((socket) => socket.terminate());
  const words = `frames of others in ${COUNT_MS / 1_000} s: ${before} before, ${after} with them`;
  return before === 0 || after < LEAST_SHARE * before ? `FAILED: ${words}` : words;
}
