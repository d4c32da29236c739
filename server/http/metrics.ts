/** The door to prom-client: what the server knows of itself, for Prometheus. */
import { SOURCE_STATES } from '../../models/core/sourceState.ts';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Subscription } from 'rxjs';
import type { FrameDetections } from '../../models/index.ts';
import type { Access } from '../access/authenticator.ts';
import type { ServerStats } from '../hub/counters.ts';
import { sendText } from './reply.ts';
import type { SourceHub } from '../hub/sourceHub.ts';

const PREFIX = 'pix2seq_stream_';
/** Bounds of times, seconds: a frame at 100 a second to one that is far too late. */
const SECONDS = [0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12];
/** What the process uses, measured once however many servers it has. */
const processRegistry = new Registry();

/** Counts and times of one server, by source; series of a source go with it. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #listening: Subscription;
  /** The last answer, which the next one waits for. */
  #written: Promise<string> = Promise.resolve('');

  constructor(hub: SourceHub, stats: () => ServerStats) {
    const registers = [this.#registry];
    if (processRegistry.getMetricsAsArray().length === 0) {
      collectDefaultMetrics({ register: processRegistry });
    }
    this.#listening = hub.listen({
      ...{ onAttached: () => undefined, onObject: () => undefined, onForgotten: () => undefined },
      onStatus: ({ source, state }) => (state === 'ended' ? histograms.forget(source) : undefined),
      onFrame: ({ source }, result) => histograms.observe({ ...result, source }),
      filtersFor: () => [],
    });
    const histograms = new FrameHistograms(registers);
    countSources(hub, registers);
    countClients(stats, registers);
  }

  /** Answers a scrape; with 403 where it may not know of every source. */
  async send(response: ServerResponse, { permitsAll }: Access): Promise<void> {
    if (!permitsAll) {
      sendText(response, 403, 'The metrics tell of all sources; this token is for some');
      return;
    }
    const text = await this.#writeInTurn();
    response.writeHead(200, {
      'Content-Type': this.#registry.contentType,
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(text);
  }

  /** Writes all series, which takes milliseconds: once in a turn of the event loop, however many ask. */
  #writeInTurn(): Promise<string> {
    const write = async (): Promise<string> => {
      await nextTurn();
      const parts = await Promise.all([processRegistry.metrics(), this.#registry.metrics()]);
      return parts.join('\n');
    };
    this.#written = this.#written.then(write, write);
    return this.#written;
  }

  /** Ends the counting. Idempotent. */
  close(): void {
    this.#listening.unsubscribe();
    this.#registry.clear();
  }
}

type Registers = Registry[];

/** Times and tokens of the frames that were read. */
class FrameHistograms {
  readonly #seconds: Readonly<
    Record<'age' | 'queue' | 'encode' | 'firstObject' | 'tokens', Histogram>
  >;
  readonly #tokens: Counter;
  readonly #passes: Counter;
  readonly #detections: Counter;

  constructor(registers: Registers) {
    const seconds = (name: string, help: string): Histogram =>
      new Histogram({
        ...{ name: `${PREFIX}${name}_seconds`, help, labelNames: ['source'] },
        ...{ buckets: SECONDS, registers },
      });
    const counter = (name: string, help: string, ...labels: string[]): Counter =>
      new Counter({ name: `${PREFIX}${name}`, help, labelNames: ['source', ...labels], registers });
    this.#seconds = {
      age: seconds('frame_age', 'From the capture of a frame to the hand-over of its detections'),
      queue: seconds('frame_queue', 'From the arrival of a frame to its encoder run'),
      encode: seconds('encode', 'Encoder run of a frame'),
      firstObject: seconds('first_object', 'From the arrival of a frame to its first object'),
      tokens: seconds('decode', 'All decoder calls of a frame'),
    };
    this.#tokens = counter(
      'tokens_total',
      'Tokens: drafted from the frame before, accepted of these, decoded one by one',
      'kind',
    );
    this.#passes = counter('decoder_passes_total', 'Decoder calls one after the other');
    this.#detections = counter('detections_total', 'Objects found');
  }

  observe({ source, capturedAt, timing, tokens, detections }: FrameDetections): void {
    const labels = { source };
    this.#seconds.age.observe(labels, Math.max(0, Date.now() - capturedAt) / 1_000);
    this.#seconds.queue.observe(labels, timing.queueMs / 1_000);
    this.#seconds.encode.observe(labels, timing.encodeMs / 1_000);
    this.#seconds.tokens.observe(labels, timing.tokensMs / 1_000);
    if (timing.firstObjectMs !== undefined) {
      this.#seconds.firstObject.observe(labels, timing.firstObjectMs / 1_000);
    }
    for (const kind of ['drafted', 'accepted', 'decoded'] as const) {
      this.#tokens.inc({ source, kind }, tokens[kind]);
    }
    this.#passes.inc(labels, tokens.passes);
    this.#detections.inc(labels, detections.length);
  }

  /** A source is gone: so are its series, or they would pile up. */
  forget(source: string): void {
    const series = [...Object.values(this.#seconds), this.#passes, this.#detections];
    series.forEach((one) => one.remove({ source }));
    for (const kind of ['drafted', 'accepted', 'decoded']) {
      this.#tokens.remove({ source, kind });
    }
  }
}

/** What became of the frames of the sources that there are, read off at each scrape. */
function countSources(hub: SourceHub, registers: Registers): void {
  // The first of them collects for all: prom-client asks in the order of their making.
  const frames = new Counter({
    name: `${PREFIX}frames_total`,
    help: 'Frames that came in',
    labelNames: ['source'],
    registers,
    collect() {
      [frames, ended, inFlight, states].forEach((one) => one.reset());
      for (const { name: source, state, counts } of hub.describe()) {
        SOURCE_STATES.forEach((one) => states.set({ source, state: one }, one === state ? 1 : 0));
        if (counts !== undefined) {
          frames.inc({ source }, counts.frames);
          inFlight.set({ source }, counts.inFlight);
          ended.inc({ source, outcome: 'delivered', cause: '' }, counts.delivered);
          ended.inc({ source, outcome: 'error', cause: '' }, counts.errors);
          for (const [cause, count] of Object.entries(counts.dropped)) {
            ended.inc({ source, outcome: 'dropped', cause }, count);
          }
        }
      }
    },
  });
  const ended = new Counter({
    name: `${PREFIX}frames_ended_total`,
    help: 'Frames that came in and are done with, by what became of them',
    labelNames: ['source', 'outcome', 'cause'],
    registers,
  });
  const inFlight = new Gauge({
    name: `${PREFIX}frames_in_flight`,
    help: 'Frames that wait or are being read',
    labelNames: ['source'],
    registers,
  });
  const states = new Gauge({
    name: `${PREFIX}source_state`,
    help: '1 for the state that a source is in',
    labelNames: ['source', 'state'],
    registers,
  });
}

/** What the server has done for its clients, read off at each scrape. */
function countClients(stats: () => ServerStats, registers: Registers): void {
  const gauge = (name: string, help: string, of: (stats: ServerStats) => number): Gauge =>
    new Gauge({
      ...{ name: `${PREFIX}${name}`, help, registers },
      collect() {
        this.set(of(stats()));
      },
    });
  const counter = (name: string, help: string, of: (stats: ServerStats) => number): Counter =>
    new Counter({
      ...{ name: `${PREFIX}${name}_total`, help, registers },
      collect() {
        this.reset();
        this.inc(of(stats()));
      },
    });
  gauge('clients', 'WebSockets open now', ({ clients }) => clients);
  gauge('subscriptions', 'Subscriptions of all clients', ({ subscriptions }) => subscriptions);
  gauge('outbox_bytes', 'Bytes that wait for clients', ({ outboxBytes }) => outboxBytes);
  counter('messages_sent', 'Messages handed to sockets', ({ sent }) => sent);
  counter('outbox_coalesced', 'Frames replaced by newer ones for slow clients', (s) => s.coalesced);
  counter(
    'outbox_dropped',
    'Frames and objects dropped for slow clients',
    ({ dropped }) => dropped,
  );
  counter('gaps', 'Gaps announced', ({ gaps }) => gaps);
  counter(
    'refused',
    'Connections refused since there was no place or the server was closing',
    ({ refused }) => refused,
  );
  counter('auth_failures', 'Wrong tokens', ({ authFailures }) => authFailures);
  const closed: Counter = new Counter({
    ...{ name: `${PREFIX}closed_total`, help: 'WebSockets that ended', labelNames: ['reason'] },
    collect() {
      this.reset();
      for (const [reason, count] of Object.entries(stats().closed)) {
        this.inc({ reason }, count);
      }
    },
    registers: [],
  });
  registers.forEach((registry) => registry.registerMetric(closed));
}
