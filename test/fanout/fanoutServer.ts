/**
 * The process that is measured: this package's server, and beside it a bare loop over ws sockets that sends
 * the same bytes. It does what it is told, one after the other, and ends with the process that forked it.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { WebSocketServer } from 'ws';
import type { FrameDetections } from '../../models/index.ts';
import { createDetectionServer } from '../../server/index.ts';
import type { FanoutReply, FanoutRequest } from './fanoutMessages.ts';

process.on('disconnect', () => process.exit(1));
const { compress, rate } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly compress: boolean;
  readonly rate: number;
};

const limits = {
  maxClients: 100_000,
  maxClientsPerAddress: 100_000,
  slowClientMs: 3_600_000,
  heartbeatMs: 3_600_000, // who never reads answers no ping either, and is to stay
};
const server = await createDetectionServer({ port: 0, compress, ...limits });
const frames$ = new Subject<FrameDetections>();
server.attach({ name: 'door', events$: frames$ });

const bare = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: compress });
await once(bare, 'listening');

/** Five objects, as a street has them. `capturedAt` is when it is handed over, ms with a fraction. */
function frameOf(frame: number): FrameDetections {
  const detections = Array.from({ length: 5 }, (_, i) => ({
    ...{ label: i === 0 ? 'car' : 'person', classId: i, score: 0.9 - i / 10, trackId: i },
    box: { xmin: 10.5 + frame, ymin: 20.25, xmax: 110.5 + frame, ymax: 220.75 },
    reused: true,
  }));
  return {
    ...{ type: 'frame', source: 'door', frame, pts: frame / rate, width: 1920, height: 1080 },
    ...{ capturedAt: performance.timeOrigin + performance.now(), final: true, stop: 'noise' },
    detections,
    tokens: { drafted: 25, accepted: 25, decoded: 5, passes: 4 },
    timing: { decodeMs: 3.1, queueMs: 0.4, encodeMs: 22, firstObjectMs: 26.5, tokensMs: 11.8 },
  };
}

const send: Readonly<Record<FanoutRequest['kind'], (frame: FrameDetections) => void>> = {
  server: (frame) => frames$.next(frame),
  bare(frame) {
    const { type: _type, source: _source, ...rest } = frame;
    const head = '{"v":1,"type":"frame","id":"a","source":"door",';
    const message = Buffer.from(
      `${head}${JSON.stringify({ seq: frame.frame + 1, ...rest }).slice(1)}`,
    );
    for (const client of bare.clients) {
      client.send(message, { binary: false });
    }
  },
};
let numFrames = 0;

async function run({ kind, seconds }: FanoutRequest): Promise<FanoutReply> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const total = Math.round(seconds * rate);
  for (let i = 0; i < total; i++) {
    send[kind](frameOf(numFrames));
    numFrames += 1;
    await wait(Math.max(0, began + ((i + 1) * 1_000) / rate - performance.now()));
  }
  const { user, system } = process.cpuUsage(cpu);
  return {
    cpuShare: (user + system) / 1_000 / (performance.now() - began),
    rssBytes: process.memoryUsage().rss,
    outboxBytes: server.stats().outboxBytes,
  };
}

process.on('message', (request: FanoutRequest) => {
  void run(request).then((reply) => process.send?.(reply));
});
const ports = { server: server.port, bare: (bare.address() as AddressInfo).port };
process.send?.(ports);
