import { SOURCE_STATES } from '../../models/core/sourceState.ts';
import { STOP_REASONS } from '../../models/core/stopReason.ts';
import { Type } from 'typebox';
import type { TObject } from 'typebox';
import type * as messages from './messages.ts';
import { clientMessages } from './clientSchema.ts';
import { count, describe, id, score, seq, v } from './schemaParts.ts';

const text = Type.String();
const number = Type.Number();
const amount = Type.Number({ minimum: 0 });
const ratio = Type.Number({ minimum: 0, maximum: 1 });
const size = Type.Integer({ minimum: 1 });

const state = Type.Union(SOURCE_STATES.map((one) => Type.Literal(one)));

const stop = Type.Union(STOP_REASONS.map((one) => Type.Literal(one)));

const detection = Type.Object({
  label: text,
  classId: count,
  score,
  box: Type.Object({ xmin: number, ymin: number, xmax: number, ymax: number }),
  trackId: Type.Optional(count),
  reused: Type.Optional(Type.Boolean()),
  polygons: Type.Optional(Type.Array(Type.Array(number))),
  keypoints: Type.Optional(
    Type.Array(Type.Object({ name: text, x: number, y: number, visible: Type.Boolean() })),
  ),
});

/** Schemas of what a server sends, by `type`. */
export const serverMessages: Readonly<Record<messages.ServerMessage['type'], TObject>> = {
  hello: describe<messages.HelloMessage>()(
    Type.Object({
      v,
      type: Type.Literal('hello'),
      version: text,
      epoch: text,
      sources: Type.Array(
        Type.Object({
          name: text,
          state,
          reason: Type.Optional(text),
          width: Type.Optional(size),
          height: Type.Optional(size),
          rate: Type.Optional(amount),
          counts: Type.Optional(
            Type.Object({
              frames: count,
              delivered: count,
              dropped: Type.Record(Type.String(), count),
              errors: count,
              inFlight: count,
            }),
          ),
        }),
      ),
      zones: Type.Optional(
        Type.Array(
          Type.Object({
            name: text,
            source: text,
            points: Type.Array(Type.Tuple([ratio, ratio]), { minItems: 3, maxItems: 64 }),
          }),
        ),
      ),
    }),
  ),
  subscribed: describe<messages.SubscribedMessage>()(
    Type.Object({ v, type: Type.Literal('subscribed'), id }),
  ),
  unsubscribed: describe<messages.UnsubscribedMessage>()(
    Type.Object({ v, type: Type.Literal('unsubscribed'), id }),
  ),
  frame: describe<messages.FrameMessage>()(
    Type.Object({
      v,
      type: Type.Literal('frame'),
      id,
      source: text,
      seq,
      frame: count,
      pts: number,
      capturedAt: number,
      width: size,
      height: size,
      file: Type.Optional(text),
      final: Type.Boolean(),
      stop,
      still: Type.Optional(Type.Boolean()),
      skipped: Type.Optional(Type.Record(Type.String(), count)),
      detections: Type.Array(detection),
      caption: Type.Optional(text),
      tokens: Type.Object({ drafted: count, accepted: count, decoded: count, passes: count }),
      timing: Type.Object({
        decodeMs: amount,
        queueMs: amount,
        encodeMs: amount,
        firstObjectMs: Type.Optional(amount),
        tokensMs: amount,
      }),
    }),
  ),
  object: describe<messages.ObjectMessage>()(
    Type.Object({
      v,
      type: Type.Literal('object'),
      id,
      source: text,
      frame: count,
      index: count,
      detection,
    }),
  ),
  gap: describe<messages.GapMessage>()(
    Type.Object({
      v,
      type: Type.Literal('gap'),
      id,
      source: text,
      from: count,
      to: count,
      cause: Type.Union([Type.Literal('slow'), Type.Literal('evicted'), Type.Literal('restart')]),
    }),
  ),
  status: describe<messages.StatusMessage>()(
    Type.Object({ v, type: Type.Literal('status'), source: text, state, reason: text }),
  ),
  error: describe<messages.ErrorMessage>()(
    Type.Object({
      v,
      type: Type.Literal('error'),
      code: text,
      message: text,
      id: Type.Optional(text),
    }),
  ),
};

const all: Readonly<Record<string, TObject>> = { ...serverMessages, ...clientMessages };

/**
 * JSON Schema (draft 2020-12) of all messages of protocol v1, as served at `/v1/schema.json`.
 * Server messages are open, since a later version may add fields; client messages are closed.
 */
export const schema: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'pix2seq-stream protocol v1',
  anyOf: Object.keys(all).map((name) => ({ $ref: `#/$defs/${name}` })),
  $defs: all,
};
