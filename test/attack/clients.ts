/** Clients that attack a server, and one that only wants its frames. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { CODECS } from '../../server/protocol/codec.ts';
import { Dice, messageOf } from '../support/sockets/fuzzMessages.ts';
import { HealthyClient, socketUrl } from './healthyClient.ts';

/** How long an attack goes on, ms. */
const ATTACK_MS = 6_000;
/** Messages of one connection of the fuzz. */
const PER_CONNECTION = 40;
/** Sockets that are opened at a time. */
const AT_ONCE = 10;
const UPGRADE =
  'GET /v1 HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
  'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n';

/** One attack. */
export interface ClientAttack {
  readonly name: string;
  /** Options of the server. */
  readonly options?: object;
  /** @returns what there is to say of it */
  run(url: string, seed: number, numMessages: number): Promise<string>;
}

async function openSocket(url: string, protocol?: string): Promise<WebSocket> {
  const socket = new WebSocket(socketUrl(url), protocol === undefined ? [] : [protocol]);
  socket.on('error', () => undefined).on('message', () => undefined);
  await Promise.race([once(socket, 'open'), once(socket, 'close')]);
  return socket;
}

/** Opens so many sockets and has each do something again and again. */
async function crowd(
  url: string,
  { num, everyMs }: { readonly num: number; readonly everyMs: number },
  act: (socket: WebSocket, client: number, turn: number) => void,
): Promise<string> {
  const sockets: WebSocket[] = [];
  while (sockets.length < num) {
    const some = Math.min(AT_ONCE, num - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openSocket(url)))));
  }
  const endMs = performance.now() + ATTACK_MS;
  for (let turn = 0; performance.now() < endMs; turn++) {
    sockets.forEach((socket, client) =>
      socket.readyState === WebSocket.OPEN ? act(socket, client, turn) : undefined,
    );
    await sleep(everyMs);
  }
  const numClosed = sockets.filter(({ readyState }) => readyState !== WebSocket.OPEN).length;
  sockets.forEach((socket) => socket.terminate());
  return `${numClosed} of ${num} closed`;
}

async function fuzz(url: string, seed: number, numMessages: number): Promise<string> {
  const dice = new Dice(seed);
  const codecs = [...CODECS.values()];
  const told = new Map<string, number>();
  for (let sent = 0; sent < numMessages;) {
    const codec = dice.pick(codecs);
    const socket = await openSocket(url, codec.protocol);
    socket.on('close', (code) => told.set(String(code), (told.get(String(code)) ?? 0) + 1));
    for (let i = 0; i < PER_CONNECTION && sent < numMessages; i++, sent++) {
      if (socket.readyState !== WebSocket.OPEN) {
        break;
      }
      socket.send(messageOf(dice, codec), { binary: codec.isBinary });
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.close();
    await Promise.race([once(socket, 'close'), sleep(500)]);
    socket.terminate();
  }
  return `${numMessages} messages, closed with ${[...told].map((one) => one.join(': ')).join(', ')}`;
}

async function tcpSockets(url: string, num: number, text: string): Promise<string> {
  const { port } = new URL(url);
  const sockets: Socket[] = [];
  for (let i = 0; i < num; i++) {
    const socket = connectTcp(Number(port), '127.0.0.1').on('error', () => undefined);
    socket.write(text);
    socket.pause(); // it never answers anything
    sockets.push(socket);
    await sleep(i % 20 === 0 ? 10 : 0);
  }
  await sleep(ATTACK_MS / 2);
  const newcomer = await HealthyClient.open(url, { Authorization: `Bearer ${TOKEN}` });
  await sleep(1_000);
  const { verdict } = newcomer;
  newcomer.close();
  sockets.forEach((socket) => socket.destroy());
  return `who comes then: ${verdict}`;
}

/** Of the server that asks for one. */
export const TOKEN = '0123456789abcdef-attack';
const labels = (n: number): string[] => Array.from({ length: 256 }, (_, k) => `${n}-${k}`);

/** Each alone, with a healthy client beside it. */
export const CLIENT_ATTACKS: readonly ClientAttack[] = [
  { name: 'fuzz, JSON and MessagePack', run: fuzz },
  ...(
    [
      [1, 22],
      [20, 200],
      [100, 200],
    ] as const
  ).map(([num, everyMs]): ClientAttack => ({
    name: `replays with a filter of one’s own, ${num} client(s)`,
    run: (url) =>
      crowd(url, { num, everyMs }, (socket, client, turn) => {
        const minScore = 0.5 + (1_000 * client + turn) / 1e9;
        const fromSeq = { front_door: 1, yard: 1, gate: 1 };
        socket.send(
          JSON.stringify({ type: 'subscribe', id: 'r', policy: 'all', minScore, fromSeq }),
        );
      }),
  })),
  {
    name: 'messages of 64 kB, 20 clients',
    run: (url) =>
      crowd(url, { num: 20, everyMs: 100 }, (socket, client, turn) =>
        socket.send(
          JSON.stringify({
            type: 'subscribe',
            id: 'a',
            classes: labels(client + turn),
            epoch: 'x'.repeat(50_000),
          }),
        ),
      ),
  },
  {
    name: '64 patterns that almost fit, 20 clients',
    run: (url) =>
      crowd(url, { num: 20, everyMs: 25 }, (socket, _client, turn) =>
        socket.send(
          JSON.stringify({
            type: 'subscribe',
            id: `s${turn % 32}`,
            sources: Array(64).fill(`${'*?'.repeat(60)}b`),
          }),
        ),
      ),
  },
  {
    name: '32 different filters each, 100 clients',
    run: (url) =>
      crowd(url, { num: 100, everyMs: 100 }, (socket, client, turn) => {
        if (turn < 32) {
          const minScore = 0.5 + (client * 32 + turn) / 1e5;
          socket.send(
            JSON.stringify({ type: 'subscribe', id: `s${turn}`, minScore, objects: true }),
          );
        }
      }),
  },
  {
    name: 'never reading, 100 clients',
    run: (url) =>
      crowd(url, { num: 100, everyMs: 100 }, (socket, _client, turn) => {
        if (turn === 0) {
          socket.send('{"type":"subscribe","id":"a","policy":"all"}');
          socket.pause();
        }
      }),
  },
  {
    name: 'pings, never reading, 20 clients',
    run: (url) =>
      crowd(url, { num: 20, everyMs: 10 }, (socket) => {
        socket.pause();
        for (let i = 0; i < 50; i++) {
          socket.ping(Buffer.alloc(125));
        }
      }),
  },
  {
    name: '1,500 idle connections',
    run: (url) => tcpSockets(url, 1_500, ''),
  },
  {
    name: '400 WebSockets without a token that answer nothing',
    options: { auth: { tokens: [{ token: TOKEN }] } },
    run: (url) => tcpSockets(url, 400, UPGRADE),
  },
  {
    name: '/metrics, as fast as it is answered, 50 connections',
    async run(url) {
      const endMs = performance.now() + ATTACK_MS;
      const codes = new Map<number, number>();
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          while (performance.now() < endMs) {
            const response = await fetch(new URL('/metrics', url));
            await response.arrayBuffer();
            codes.set(response.status, (codes.get(response.status) ?? 0) + 1);
          }
        }),
      );
      return [...codes].map(([code, count]) => `${code}: ${count}`).join(', ');
    },
  },
];
