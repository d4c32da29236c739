/** The door to yaml: reads a configuration, and says in which line something is wrong. */
import { dirname, resolve } from 'node:path';
import { LineCounter, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { TObject } from 'typebox';
import { toError } from '../../models/core/errors.ts';
import { isSourceName } from '../../models/core/sourceName.ts';
import type { AnyTable } from '../../models/core/options.ts';
import { findProblem } from '../../models/core/schemaProblem.ts';
import type { ServerOptions, TokenOptions } from '../../server/index.ts';
import { READING_SETTINGS, SERVING_SETTINGS, TOP_SETTINGS } from '../options/settings.ts';
import type { TopSettings } from '../options/settings.ts';
import { schemaOf } from '../options/schemaOf.ts';
import { configSchema, partSchemas } from './configSchema.ts';
import { absoluteSource, expectServable } from '../run/pipelineSource.ts';

/** A source in a configuration. */
export interface ConfigSource {
  readonly name: string;
  /** Files are absolute: they are meant relative to the configuration's folder. */
  readonly source: string;
  /** What the environment's variables in the address stand for. */
  readonly secrets?: readonly string[];
  readonly loop?: boolean;
  readonly stride?: number;
  readonly maxFrames?: number;
  readonly stallSeconds?: number;
  readonly paused?: boolean;
}

/** What a configuration says, in its own words; what it says nothing of is absent. */
export interface Config extends TopSettings {
  readonly sources?: readonly ConfigSource[];
  readonly zones?: ServerOptions['zones'];
  readonly tokens?: readonly TokenOptions[];
  readonly origins?: readonly string[];
  readonly detect?: Readonly<Record<string, unknown>>;
  readonly server?: Readonly<Record<string, unknown>>;
}

type Path = readonly (string | number)[];

/** Where yaml's messages begin to repeat the file. */
const QUOTE =
  /(?<=^(?:Unresolved |Not a YAML token|Block scalar header|Unexpected .* in YAML).*): .*|(?<=escape sequence) .*/;

/**
 * Reads a configuration, YAML 1.2, and checks every key of it.
 * `${NAME}` in a `source` stands for a variable of the environment, so that passwords need not be in the
 * file; within an address it is percent-encoded.
 * @param text the file   @param file its path, for messages and for the paths in it
 * @param environment where the variables are. Default: this process's
 * @throws TypeError with one line: file, line, key, what was expected and what came
 */
export function parseConfig(
  text: string,
  file: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Config {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number, message: string): TypeError =>
    new TypeError(`${file}, line ${lines.linePos(offset).line}: ${message}`);
  const wrong: Complaint = (path, message) => at(offsetOf(document, path), message);
  const [broken] = document.errors;
  if (broken !== undefined) {
    throw at(broken.pos[0], `this is not YAML: ${withoutQuote(broken.message)}`);
  }
  const value = toValue(document, (message) => at(0, message));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw at(0, 'Expected settings such as `sources:`; an empty configuration is `{}`');
  }
  const config = checkedConfig(value, wrong);
  const sources = config.sources?.map((source, index) => {
    try {
      const filledIn = { ...source, ...fillIn(source.source, environment) };
      expectServable(filledIn.source);
      return filledIn;
    } catch (thrown) {
      throw wrong(['sources', index, 'source'], toError(thrown).message);
    }
  });
  return withAbsolutePaths(sources ? { ...config, sources } : config, dirname(resolve(file)));
}

/** Makes the error of what is wrong at a place. */
type Complaint = (path: Path, message: string) => TypeError;

/** Holds a configuration and its parts against their schemas. */
function checkedConfig(value: object, wrong: Complaint): Config {
  expectFields('the configuration', configSchema, value, [], wrong);
  const config = value as Config; // the parts are held against their schemas below
  expectOneName(TOP_SETTINGS, config, [], wrong);
  checkPart('detect', READING_SETTINGS, config.detect ?? {}, wrong);
  checkPart('server', SERVING_SETTINGS, config.server ?? {}, wrong);
  const seen = new Set<string>();
  for (const [index, source] of (config.sources ?? []).entries()) {
    const path = ['sources', index];
    expectFields(owner(source, index), partSchemas.source, source, path, wrong);
    if (seen.has(source.name)) {
      const both = `There are two sources named \`${source.name}\`; choose another \`name\``;
      throw wrong([...path, 'name'], both);
    }
    seen.add(source.name);
  }
  return config;
}

function checkPart(
  name: 'detect' | 'server',
  table: AnyTable,
  part: Readonly<Record<string, unknown>>,
  wrong: Complaint,
): void {
  expectFields(`\`${name}\``, partSchemas[name], part, [name], wrong);
  expectOneName(table, part, [name], wrong);
  for (const [inner, row] of Object.entries(table)) {
    const { [inner]: group } = part;
    if (row.type === 'group' && typeof group === 'object' && group !== null) {
      expectFields(`\`${inner}\``, schemaOf(row.table), group, [name, inner], wrong);
    }
  }
}

function expectFields(
  owner: string,
  schema: TObject,
  part: object,
  path: Path,
  wrong: Complaint,
): void {
  const problem = findProblem(owner, schema, part);
  if (problem !== undefined) {
    throw wrong(problem.isPresent ? [...path, problem.field] : path, problem.text);
  }
}

function expectOneName(table: AnyTable, part: object, path: Path, wrong: Complaint): void {
  for (const [name, { alias = name }] of Object.entries(table)) {
    if (alias !== name && name in part && alias in part) {
      const both = `\`${alias}\` is another name of \`${name}\`; leave one of them out`;
      throw wrong([...path, alias], both);
    }
  }
}

/** Puts variables of the environment in their places. @throws TypeError where one is not there */
function fillIn(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
): Pick<ConfigSource, 'source' | 'secrets'> {
  const isAddress = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  const values: string[] = [];
  const source = text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = environment[name];
    if (value === undefined) {
      throw new TypeError(
        `There is no variable ${name} in the environment; set it, or write the address out`,
      );
    }
    values.push(value);
    return isAddress ? encodeURIComponent(value) : value;
  });
  return isAddress && values.length > 0 ? { source, secrets: values } : { source };
}

function owner(source: object, index: number): string {
  return 'name' in source && isSourceName(source.name)
    ? `source \`${source.name}\``
    : `source ${index + 1}`;
}

function toValue(document: Document, wrong: (message: string) => TypeError): unknown {
  try {
    return document.toJS() as unknown; // refuses anchors that multiply without end
  } catch (thrown) {
    throw wrong(withoutQuote(toError(thrown).message));
  }
}

/** What is wrong with a file, without the piece of the file that yaml repeats: a line of it may hold a secret. */
function withoutQuote(message: string): string {
  return message.replaceAll(/\s+/g, ' ').replace(QUOTE, '');
}

/** Where a key, or an item of a list, begins in the text; where there is none, what holds it. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const step of path) {
    if (isSeq(node)) {
      node = node.items[Number(step)];
    } else if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
      continue;
    }
    offset = startOf(node) ?? offset;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function withAbsolutePaths(config: Config, folder: string): Config {
  const { sources, model, server } = config;
  const files = ['cert', 'key'].flatMap((key) => {
    const file = server?.[key];
    return typeof file === 'string' ? [[key, resolve(folder, file)]] : [];
  });
  const absolute = (one: ConfigSource): ConfigSource => ({
    ...one,
    source: absoluteSource(one.source, folder),
  });
  return {
    ...config,
    ...(files.length === 0 ? {} : { server: { ...server, ...Object.fromEntries(files) } }),
    ...(sources === undefined ? {} : { sources: sources.map(absolute) }),
    // the name of a bundled model has no slash
    ...(model !== undefined && /[/\\]/.test(model) ? { model: resolve(folder, model) } : {}),
  };
}
