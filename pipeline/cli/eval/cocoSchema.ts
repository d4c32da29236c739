/** What a file of COCO annotations has to look like, and where one does not. */
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { PipelineError, toError } from '../../../models/index.ts';

/** What of a COCO annotation file is used; further fields are for others. */
export interface CocoFile {
  readonly images: readonly CocoImage[];
  readonly annotations: readonly CocoAnnotation[];
  readonly categories: readonly CocoCategory[];
}

/** A picture. */
export interface CocoImage {
  readonly id: number;
  readonly file_name: string;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Not COCO's own: the part of the data set that it belongs to. */
  readonly split?: string;
}

/** A box that somebody drew. */
export interface CocoAnnotation {
  readonly id?: unknown;
  readonly image_id: number;
  readonly category_id: number;
  /** Left, top, width, height, pixels. */
  readonly bbox: readonly [number, number, number, number];
  /** Square pixels. */
  readonly area: number;
  /** 0 or 1. Default 0. */
  readonly iscrowd?: number;
}

/** A class. */
export interface CocoCategory {
  readonly id: number;
  readonly name?: string;
}

const SCHEMA = Type.Object({
  images: Type.Array(
    Type.Object({
      id: Type.Integer(),
      file_name: Type.String({ minLength: 1 }),
      width: Type.Integer({ minimum: 1 }),
      height: Type.Integer({ minimum: 1 }),
      split: Type.Optional(Type.String()),
    }),
  ),
  annotations: Type.Array(
    Type.Object({
      id: Type.Optional(Type.Unknown()),
      image_id: Type.Integer(),
      category_id: Type.Integer(),
      bbox: Type.Tuple([
        Type.Number(),
        Type.Number(),
        Type.Number({ minimum: 0 }),
        Type.Number({ minimum: 0 }),
      ]),
      area: Type.Number({ minimum: 0 }),
      iscrowd: Type.Optional(Type.Integer({ minimum: 0, maximum: 1 })),
    }),
  ),
  categories: Type.Array(
    Type.Object({ id: Type.Integer(), name: Type.Optional(Type.String({ minLength: 1 })) }),
  ),
});

/**
 * Reads the text of a COCO annotation file. A byte-order mark is left out; numbers that only Python's JSON knows
 * (`NaN`, `Infinity`) are no mistake where nobody asks for them.
 * @param file its name
 * @throws PipelineError ERR_ANNOTATIONS that names the file, and the entry and field
 */
export function parseCoco(file: string, text: string): CocoFile {
  const value = parseJson(file, text.replace(/^\uFEFF/, ''));
  if (Value.Check(SCHEMA, value)) {
    return value;
  }
  const [mistake] = Value.Errors(SCHEMA, value);
  const { instancePath = '', message = 'is wrong' } = mistake ?? {};
  throw unusable(file, `a mistake: ${placeOf(value, instancePath)} ${message}`);
}

/** Says what annotations lack or have too much of. */
export function unusable(file: string, what: string): PipelineError {
  return new PipelineError(
    'ERR_ANNOTATIONS',
    `COCO annotations were expected, and \`${file}\` has ${what}`,
  );
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    try {
      return JSON.parse(withoutPythonNumbers(text));
    } catch {
      const fact = `Annotations \`${file}\` are not JSON: ${toError(cause).message}`;
      throw new PipelineError('ERR_ANNOTATIONS', fact, { cause });
    }
  }
}

/** Makes strings of them, so that the schema says where they are; texts stay as they are. */
function withoutPythonNumbers(text: string): string {
  return text.replaceAll(/"(?:[^"\\]|\\.)*"|-?Infinity|NaN/g, (found) =>
    found.startsWith('"') ? found : `"${found}"`,
  );
}

/** A place in a file as people write it: `annotations[3].bbox[0] (id 17), "NaN",`. */
function placeOf(value: unknown, pointer: string): string {
  if (pointer === '') {
    return 'the file';
  }
  let place = '';
  let at = value;
  let id: unknown;
  for (const key of pointer.slice(1).split('/')) {
    place += Array.isArray(at) ? `[${key}]` : `${place === '' ? '' : '.'}${key}`;
    at = (at as Readonly<Record<string, unknown>>)[key];
    id ??= (at as { readonly id?: unknown } | null)?.id;
  }
  const found = typeof at === 'object' && at !== null ? '' : ` ${JSON.stringify(at)}`;
  return `${place}${id === undefined ? '' : ` (id ${JSON.stringify(id)})`}${found.slice(0, 40)}`;
}
