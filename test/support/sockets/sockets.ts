import { once } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { Subject } from 'rxjs';
import { Compile } from 'typebox/schema';
import { WebSocket } from 'ws';
import type { ClientOptions } from 'ws';
import type { Detection, FoundObject, FrameDetections } from '../../../models/index.ts';
import { createDetectionServer, schema } from '../../../server/index.ts';
import type {
  ClientMessage,
  DetectionServer,
  ServerMessage,
  ServerOptions,
  SourceStatus,
  SubscribeMessage,
} from '../../../server/index.ts';

type Type = ServerMessage['type'];
type OfType<T extends Type> = Extract<ServerMessage, { type: T }>;

interface Waiter {
  readonly types: readonly Type[];
  readonly resolve: (message: ServerMessage) => void;
  readonly reject: (error: Error) => void;
}

const published = Compile(JSON.parse(JSON.stringify(schema)));
const definitions = schema['$defs'] as Record<string, { properties: Record<string, unknown> }>;

/** Starts a server on any free port. */
export function startServer(options: ServerOptions = {}): Promise<DetectionServer> {
  return createDetectionServer({ port: 0, ...options });
}

/** A `/v1` client that holds every message against the published schema. */
export class TestClient {
  readonly socket: WebSocket;
  /** Every message so far, in order. */
  readonly messages: ServerMessage[] = [];
  /** Settles with the close code and reason. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #unread: ServerMessage[] = [];
  readonly #waiters: Waiter[] = [];
  #problem: Error | undefined;

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, options);
    this.socket.on('error', (error) => this.#fail(error));
    this.socket.on('message', (data, isBinary) =>
      this.#receive((data as Buffer).toString(), isBinary),
    );
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => {
        this.#fail(new Error(`closed with ${code} ${String(reason)} while waiting`));
        resolve({ code, reason: String(reason) });
      });
    });
  }

  /** Takes the first unread message of one of some types, and passes over what came before it. */
  async next<T extends Type>(...types: readonly T[]): Promise<OfType<T>> {
    const at = this.#unread.findIndex(({ type }) => types.some((wanted) => wanted === type));
    const found = this.#unread[at];
    if (found !== undefined) {
      this.#unread.splice(0, at + 1);
      return found as OfType<T>;
    }
    this.#unread.length = 0;
    if (this.#problem !== undefined) {
      throw this.#problem;
    }
    return new Promise<OfType<T>>((resolve, reject) => {
      const settle = (message: ServerMessage): void => resolve(message as OfType<T>);
      this.#waiters.push({ types, resolve: settle, reject });
    });
  }

  send(message: ClientMessage | string | Buffer): void {
    const isRaw = typeof message === 'string' || Buffer.isBuffer(message);
    this.socket.send(isRaw ? message : JSON.stringify(message));
  }

  /** Subscribes and waits for the answer. */
  async subscribe(fields: Partial<Omit<SubscribeMessage, 'type'>> = {}): Promise<void> {
    this.send({ type: 'subscribe', id: 'a', ...fields });
    await this.next('subscribed');
  }

  /** Waits until the server has worked off everything sent so far. */
  async settle(): Promise<void> {
    this.socket.ping();
    await once(this.socket, 'pong');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.resume();
    this.socket.terminate();
    await this.closed;
  }

  #receive(text: string, isBinary: boolean): void {
    const message = JSON.parse(text) as ServerMessage;
    const known = definitions[message.type]?.properties ?? {};
    const unknown = Object.keys(message).filter((key) => !Object.hasOwn(known, key));
    if (isBinary || !published.Check(message) || unknown.length > 0) {
      this.#fail(new Error(`not in the schema (${unknown.join()}): ${text.slice(0, 500)}`));
      return;
    }
    this.messages.push(message);
    const at = this.#waiters.findIndex(({ types }) => types.includes(message.type));
    const [waiter] = at < 0 ? [] : this.#waiters.splice(at, 1);
    if (waiter === undefined) {
      this.#unread.push(message);
    } else {
      this.#unread.length = 0;
      waiter.resolve(message);
    }
  }

  #fail(error: Error): void {
    this.#problem ??= error;
    for (const { reject } of this.#waiters.splice(0)) {
      reject(this.#problem);
    }
  }
}

/** Connects a client and waits for the greeting. */
export async function openClient(
  server: DetectionServer,
  options: ClientOptions = {},
): Promise<TestClient> {
  const client = new TestClient(socketUrl(server, '/v1'), options);
  await client.next('hello');
  return client;
}

/** @returns the address of a path as a WebSocket address */
export function socketUrl(server: DetectionServer, path: string): string {
  return new URL(path, server.url).href.replace(/^http/, 'ws');
}

/** What a server may be fed with. */
export type FeedEvent = FrameDetections | FoundObject | SourceStatus;

/** Attaches a source that the test feeds by hand. */
export function attachFeed(server: DetectionServer, name: string): Subject<FeedEvent> {
  const events$ = new Subject<FeedEvent>();
  server.attach({ name, events$ });
  return events$;
}

/** @returns a detection, a person with score 0.9 unless told otherwise */
export function detectionOf(fields: Partial<Detection> = {}): Detection {
  const box = { xmin: 10.5, ymin: 20, xmax: 110.25, ymax: 220 };
  return { label: 'person', classId: 0, score: 0.9, box, ...fields };
}

/** @returns the result of a frame with one person in it unless told otherwise */
export function frameOf(frame: number, fields: Partial<FrameDetections> = {}): FrameDetections {
  return {
    type: 'frame',
    source: 'any',
    frame,
    pts: frame / 25,
    capturedAt: 1_767_366_000_000 + 40 * frame,
    width: 640,
    height: 360,
    final: true,
    stop: 'eos',
    detections: [detectionOf()],
    tokens: { drafted: 0, accepted: 0, decoded: 5, passes: 6 },
    timing: { decodeMs: 1, queueMs: 0.5, encodeMs: 20, tokensMs: 10 },
    ...fields,
  };
}

/** @returns a frame of about 60 kB of JSON */
export function largeFrameOf(frame: number): FrameDetections {
  return frameOf(frame, { detections: Array.from({ length: 500 }, () => detectionOf()) });
}

/** Waits for something that no event tells, by looking at it at every turn of the loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** @returns the status of an HTTP answer to a WebSocket request, and its body */
export async function refusalOf(
  url: string,
): Promise<{ readonly status: number; readonly body: string }> {
  const socket = new WebSocket(url);
  const [request, response] = (await once(socket, 'unexpected-response')) as [
    ClientRequest,
    IncomingMessage,
  ];
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  request.destroy();
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() };
}
