import { Type } from 'typebox';
import type { TObject } from 'typebox';
import type * as messages from './messages.ts';
import { closed, count, describe, id, score, seq, v } from './schemaParts.ts';

const optionalV = Type.Optional(v);

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
