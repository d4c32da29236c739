/** What the schemas of both sides are made of. */
import { Type } from 'typebox';
import type { Static, TInteger, TLiteral, TNumber, TObject, TString } from 'typebox';

/** The schema, if it describes exactly the type `T`; the compiler refuses it otherwise. */
type Describing<T, S extends TObject> =
  Static<S> extends T ? ([keyof T] extends [keyof Static<S>] ? S : never) : never;

/** Makes a schema that the compiler holds against a type. */
export function describe<T>(): <S extends TObject>(schema: S & Describing<T, S>) => TObject {
  return (schema) => schema;
}

/** The version of the protocol. */
export const v: TLiteral<1> = Type.Literal(1, { description: '1' });
/** A number of things, or a place among them from 0. */
export const count: TInteger = Type.Integer({ minimum: 0 });
/** A number of a frame message. */
export const seq: TInteger = Type.Integer({ minimum: 1, description: 'a whole number >= 1' });
/** A score. */
export const score: TNumber = Type.Number({
  minimum: 0,
  maximum: 1,
  description: 'a number from 0 to 1',
});
/** The name of a subscription. */
export const id: TString = Type.String({
  minLength: 1,
  maxLength: 128,
  description: 'a string of 1 to 128 characters',
});
/** Of objects that may have no other fields. */
export const closed: { readonly additionalProperties: false } = { additionalProperties: false };
