import { Type } from 'typebox';
import type { Static, TObject } from 'typebox';
import type * as messages from './messages.ts';

/** The schema, if it describes exactly the type `T`; the compiler refuses it otherwise. */
type Describing<T, S extends TObject> =
  Static<S> extends T ? ([keyof T] extends [keyof Static<S>] ? S : never) : never;

function describe<T>(): <S extends TObject>(schema: S & Describing<T, S>) => TObject {
  return (schema) => schema;
}

const v = Type.Literal(1, { description: '1' });
const optionalV = Type.Optional(v);
const text = Type.String();
const count = Type.Integer({ minimum: 0 });
const seq = Type.Integer({ minimum: 1, description: 'a whole number >= 1' });
const number = Type.Number();
const amount = Type.Number({ minimum: 0 });
const score = Type.Number({ minimum: 0, maximum: 1, description: 'a number from 0 to 1' });
const ratio = Type.Number({ minimum: 0, maximum: 1 });
const size = Type.Integer({ minimum: 1 });
const id = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'a string of 1 to 128 characters',
});
const closed = { additionalProperties: false };

const state = Type.Union([
  Type.Literal('connecting'),
  Type.Literal('online'),
  Type.Literal('stalled'),
  Type.Literal('offline'),
  Type.Literal('ended'),
]);

const stop = Type.Union([
  Type.Literal('eos'),
  Type.Literal('noise'),
  Type.Literal('maxObjects'),
  Type.Literal('budget'),
  Type.Literal('filter'),
  Type.Literal('abort'),
]);

const detection = Type.Object({
  label: text,
  classId: count,
  score,
  box: Type.Object({ xmin: number, ymin: number, xmax: number, ymax: number }),
  trackId: Type.Optional(count),
  reused: Type.Optional(Type.Boolean()),
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

/** Schemas of what a client may send, by `type`. Every field's `description` ends the sentence "Expected … to be". */
export const clientMessages: Readonly<Record<messages.ClientMessage['type'], TObject>> = {
  subscribe: describe<messages.SubscribeMessage>()(
    Type.Object(
      {
        v: optionalV,
        type: Type.Literal('subscribe'),
        id,
        sources: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
            minItems: 1,
            maxItems: 64,
            description: 'an array of 1 to 64 names or globs',
          }),
        ),
        classes: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
            maxItems: 256,
            description: 'an array of at most 256 labels',
          }),
        ),
        minScore: Type.Optional(score),
        tracks: Type.Optional(
          Type.Array(count, {
            maxItems: 256,
            description: 'an array of at most 256 whole numbers >= 0',
          }),
        ),
        zones: Type.Optional(
          Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
            maxItems: 64,
            description: 'an array of at most 64 names of zones',
          }),
        ),
        limit: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 100,
            description: 'a whole number from 1 to 100',
          }),
        ),
        objects: Type.Optional(Type.Boolean({ description: 'true or false' })),
        policy: Type.Optional(
          Type.Union(
            [
              Type.Literal('latest'),
              Type.Literal('all'),
              Type.Object({ everyMs: Type.Integer({ minimum: 1, maximum: 3_600_000 }) }, closed),
            ],
            {
              description: '"latest", "all" or { "everyMs": a whole number from 1 to 3600000 }',
            },
          ),
        ),
        window: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: 10_000,
            description: 'a whole number from 1 to 10000',
          }),
        ),
        snapshot: Type.Optional(Type.Boolean({ description: 'true or false' })),
        fromSeq: Type.Optional(
          Type.Record(Type.String(), count, {
            description: 'an object with a whole number >= 0 for each source',
          }),
        ),
        epoch: Type.Optional(
          Type.String({ maxLength: 128, description: 'a string of at most 128 characters' }),
        ),
      },
      closed,
    ),
  ),
  unsubscribe: describe<messages.UnsubscribeMessage>()(
    Type.Object({ v: optionalV, type: Type.Literal('unsubscribe'), id }, closed),
  ),
  auth: describe<messages.AuthMessage>()(
    Type.Object(
      {
        v: optionalV,
        type: Type.Literal('auth'),
        token: Type.String({
          maxLength: 4_096,
          description: 'a string of at most 4096 characters',
        }),
      },
      closed,
    ),
  ),
  ack: describe<messages.AckMessage>()(
    Type.Object(
      {
        v: optionalV,
        type: Type.Literal('ack'),
        id,
        seq: Type.Record(Type.String(), seq, {
          description: 'an object with a whole number >= 1 for each source',
        }),
      },
      closed,
    ),
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
