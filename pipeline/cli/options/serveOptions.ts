/** What the command line and the configuration file of `serve` say, as typed values. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { DETECTOR_OPTIONS } from '../../../models/core/detectorOptions.ts';
import type { OptionTable } from '../../../models/core/options.ts';
import { SOURCE_NAME_RULE, isSourceName } from '../../../models/core/sourceName.ts';
import { FROM_VIDEO_OPTIONS } from '../../../operators/options.ts';
import type { ServerOptions } from '../../../server/index.ts';
import { SERVER_OPTIONS } from '../../../server/options/serverOptions.ts';
import type { ConfigFile } from '../../config/configFile.ts';
import type { Config, ConfigSource } from '../../config/parseConfig.ts';
import {
  READING_SETTINGS,
  SERVING_SETTINGS,
  SOURCES_SETTINGS,
  TOP_SETTINGS,
} from '../../options/settings.ts';
import type { ServingSettings } from '../../options/settings.ts';
import { addOptions, flagValues, typedAs } from './addOptions.ts';
import type { Flags } from './addOptions.ts';
import { REPORT_SETTINGS, modelArguments } from './detectOptions.ts';
import type { ModelArguments } from './detectOptions.ts';

/** Arguments of `serve`. */
export interface ServeArguments
  extends
    ModelArguments,
    Pick<Required<ServingSettings>, 'manage' | 'followLinks' | 'log' | 'drainSeconds'> {
  /** Those of the command line, then those of the file. */
  readonly sources: readonly ConfigSource[];
  /** Where it listens, zones, tokens, certificate and the like. */
  readonly server: Pick<
    ServerOptions,
    'host' | 'port' | 'zones' | 'auth' | 'insecure' | 'origins' | 'tls'
  >;
  readonly config: ServedConfig | undefined;
}

/** A configuration file to be followed. */
export interface ServedConfig extends ConfigFile {
  /** The sources of a configuration that are to be played, as the command line wants them. */
  readonly sourcesOf: (config: Config) => readonly ConfigSource[];
}

/** What can only be typed; the file has its own words for it. */
interface TypedSettings {
  readonly config?: string | undefined;
  readonly loop: boolean;
  readonly tokens: readonly string[];
  readonly origins: readonly string[];
}

const TYPED_SETTINGS: OptionTable<TypedSettings> = {
  config: {
    type: 'text',
    flag: '--config <file>',
    help: 'YAML file of sources and settings; followed while running',
  },
  loop: { ...FROM_VIDEO_OPTIONS.loop, default: false },
  tokens: {
    type: 'list',
    isRepeated: true,
    default: [],
    flag: '--token <secret>',
    help: 'let in only who says this; several times for several; safer as PIX2SEQ_STREAM_TOKEN, since others can list arguments',
  },
  origins: { ...SERVER_OPTIONS.origins, default: [] },
};

/** Adds the options of `serve`. */
export function addServeOptions(command: Command): Command {
  command.addOption(
    new Option('--source <name=uri>', 'a source; may be given several times')
      .argParser(namedSource)
      .default([], 'none'),
  );
  addOptions(command, TYPED_SETTINGS);
  addOptions(command, SERVING_SETTINGS);
  addOptions(command, DETECTOR_OPTIONS);
  addOptions(command, READING_SETTINGS, { reuse: 'tolerant' });
  addOptions(command, SOURCES_SETTINGS);
  return addOptions(command, REPORT_SETTINGS);
}

/**
 * Turns the flags of `serve` into arguments.
 * @param isGiven whether a flag was typed: those win over the file, which wins over the defaults
 * @param file the configuration file that the flags name, read
 */
export function serveArguments(
  flags: Flags,
  isGiven: (name: string) => boolean,
  file?: ConfigFile,
): ServeArguments {
  const settings = Object.entries(flagsOf(file?.config ?? {}));
  const merged = {
    ...flags,
    ...Object.fromEntries(settings.filter(([name]) => !isGiven(name))),
  };
  const typed = flagValues<TypedSettings>(TYPED_SETTINGS, flags);
  const { manage, followLinks, log, drainSeconds, ...serving } = flagValues<
    Required<ServingSettings>
  >(SERVING_SETTINGS, merged);
  const named = (flags['source'] as readonly ConfigSource[]).map((source) => ({
    ...source,
    loop: typed.loop,
  })); // as `namedSource` makes them
  const sourcesOf = playedSources(flags, isGiven, named);
  return {
    ...modelArguments(merged),
    ...{ manage, followLinks, log, drainSeconds },
    sources: [...named, ...(file === undefined ? [] : sourcesOf(file.config))],
    server: serverOptions(serving, typed, file?.config),
    config: file && { ...file, sourcesOf },
  };
}

/** Makes the function that picks the sources of a file: what is typed wins over it. */
function playedSources(
  flags: Flags,
  isGiven: (name: string) => boolean,
  typed: readonly ConfigSource[],
): ServedConfig['sourcesOf'] {
  const typedNames = new Set(typed.map(({ name }) => name));
  const winning = ['loop', 'stride', 'maxFrames']
    .filter(isGiven)
    .map((name) => [name, flags[name]]);
  return ({ sources = [] }) =>
    sources
      .filter(({ name }) => !typedNames.has(name))
      .map((source) => ({ ...source, ...Object.fromEntries(winning) }));
}

/** What the server is told. @throws TypeError where only one of certificate and key is there */
function serverOptions(
  { cert, key, ...listening }: Pick<ServingSettings, 'host' | 'port' | 'insecure' | 'cert' | 'key'>,
  { tokens: words, origins }: TypedSettings,
  config: Config = {},
): ServeArguments['server'] {
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError('Expected --cert and --key together');
  }
  const { PIX2SEQ_STREAM_TOKEN: secret } = process.env;
  const typed = [...words, ...(secret === undefined ? [] : [secret])];
  const tokens = [...typed.map((one) => ({ token: one, manage: true })), ...(config.tokens ?? [])];
  return {
    ...listening,
    zones: config.zones ?? {},
    origins: [...origins, ...(config.origins ?? [])],
    ...(tokens.length === 0 ? {} : { auth: { tokens } }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
  };
}

/** A configuration's settings as if they had been typed. */
function flagsOf({ detect = {}, server = {}, ...top }: Config): Flags {
  return {
    ...typedAs(TOP_SETTINGS, top),
    ...typedAs(READING_SETTINGS, detect),
    ...typedAs(SERVING_SETTINGS, server),
  };
}

function namedSource(text: string, before: readonly ConfigSource[]): ConfigSource[] {
  const equals = text.indexOf('=');
  if (equals < 1 || equals === text.length - 1) {
    throw new InvalidArgumentError('Expected NAME=URI, such as door=street.mp4.');
  }
  const name = text.slice(0, equals);
  if (!isSourceName(name)) {
    throw new InvalidArgumentError(
      `Expected NAME=URI, such as door=street.mp4; NAME is ${SOURCE_NAME_RULE}.`,
    );
  }
  if (before.some((source) => source.name === name)) {
    throw new InvalidArgumentError(`There are two sources named ${name}.`);
  }
  return [...before, { name, source: text.slice(equals + 1) }];
}
