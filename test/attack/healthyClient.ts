import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { FrameMessage, ServerMessage } from '../../server/index.ts';

/** A subscriber to everything that counts what is missing and how late frames are. */
export class HealthyClient {
  readonly #socket: WebSocket;
  readonly #next = new Map<string, number>();
  #numFrames = 0;
  #numMissing = 0;
  #latestMs = 0;
  #lastAtMs = performance.now();
  #silenceMs = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as ServerMessage;
      if (message.type === 'frame') {
        this.#take(message);
      }
    });
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<HealthyClient> {
    const socket = new WebSocket(socketUrl(url), { headers });
    await once(socket, 'open');
    const client = new HealthyClient(socket);
    socket.send('{"type":"subscribe","id":"healthy","policy":"all"}');
    return client;
  }

  /** In words; begins with FAILED where it was harmed. */
  get verdict(): string {
    const isHarmed = this.#socket.readyState !== WebSocket.OPEN || this.#numMissing > 0;
    const words = `others: ${this.#numFrames} frames, ${this.#numMissing} missing, late by ${this.#latestMs.toFixed(0)} ms, silent ${this.#silenceMs.toFixed(0)} ms at most`;
    return isHarmed || this.#numFrames === 0 ? `FAILED: ${words}` : words;
  }

  close(): void {
    this.#socket.terminate();
  }

  #take({ source, seq, capturedAt }: FrameMessage): void {
    const nowMs = performance.now();
    this.#silenceMs = Math.max(this.#silenceMs, nowMs - this.#lastAtMs);
    this.#lastAtMs = nowMs;
    this.#latestMs = Math.max(this.#latestMs, Date.now() - capturedAt);
    this.#numMissing += Math.max(0, seq - (this.#next.get(source) ?? seq));
    this.#next.set(source, seq + 1);
    this.#numFrames += 1;
  }
}

/** @returns the address of `/v1` of a server */
export function socketUrl(url: string): string {
  return new URL('/v1', url).href.replace(/^http/, 'ws');
}
