/** What the command line and the configuration file of `serve` say, as typed values. */
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { SOURCE_NAME_RULE, isSourceName } from '../../../models/core/sourceName.ts';
import type { ServerOptions } from '../../../server/index.ts';
import type { ConfigFile } from '../../config/configFile.ts';
import type { LogFormat } from '../output/log.ts';
import { MAX_SOURCES } from '../../run/maxSources.ts';
import { addModelOptions, choice, modelArguments, whole } from './options.ts';
import type { ModelArguments, ModelFlags } from './options.ts';
import type { Config, ConfigSource } from '../../config/parseConfig.ts';

/** Arguments of `serve`. */
export interface ServeArguments extends ModelArguments {
  /** Those of the command line, then those of the file. */
  readonly sources: readonly ConfigSource[];
  readonly host: string;
  readonly port: number;
  /** Whether requests may change the sources. */
  readonly manage: boolean;
  readonly maxSources: number;
  /** Whether web servers may send FFmpeg to other addresses. */
  readonly followLinks: boolean;
  /** Of the server: zones, tokens, certificate and the like. */
  readonly server: Pick<ServerOptions, 'zones' | 'auth' | 'insecure' | 'origins' | 'tls'>;
  readonly config: ServedConfig | undefined;
  readonly log: LogFormat;
  /** After SIGTERM, time in which clients are still served, seconds. */
  readonly drainSeconds: number;
}

/** A configuration file to be followed. */
export interface ServedConfig extends ConfigFile {
  /** The sources of a configuration that are to be played, as the command line wants them. */
  readonly sourcesOf: (config: Config) => readonly ConfigSource[];
}

/** Options of `serve`, as commander gives them. */
export interface ServeFlags extends ModelFlags {
  readonly source: readonly ConfigSource[];
  readonly config?: string;
  readonly host: string;
  readonly port: number;
  readonly loop?: boolean;
  readonly batch: number;
  readonly manage?: boolean;
  readonly follow: boolean;
  readonly maxSources: number;
  readonly motion?: boolean;
  readonly token: readonly string[];
  readonly insecure?: boolean;
  readonly origin: readonly string[];
  readonly cert?: string;
  readonly key?: string;
  readonly log: LogFormat;
  readonly drain: number;
}

/** Adds the options of `serve`. */
export function addServeOptions(command: Command): Command {
  return addModelOptions(
    command
      .addOption(
        new Option('--source <name=uri>', 'a source; may be given several times')
          .argParser(namedSource)
          .default([], 'none'),
      )
      .option('--config <file>', 'YAML file of sources and settings; followed while running')
      .option('--loop', 'play files for ever')
      .option('--host <address>', 'address to listen on', '127.0.0.1')
      .option('--port <n>', 'port to listen on (0 picks a free one)', whole(0, 65535), 8080)
      .option(
        '--manage',
        'let HTTP requests add and remove sources, until the server ends: whatever this program can read',
      )
      .addOption(
        new Option(
          '--token <secret>',
          'let in only who says this; several times for several; safer as PIX2SEQ_STREAM_TOKEN, since others can list arguments',
        )
          .argParser(several)
          .default([], 'none'),
      )
      .option('--insecure', 'let other machines connect without a token')
      .addOption(
        new Option('--origin <origin>', 'pages of this origin may connect, * for all')
          .argParser(several)
          .default([], 'none'),
      )
      .option('--cert <file>', 'certificate, PEM: serves https and wss')
      .option('--key <file>', 'its key, PEM')
      .option(
        '--no-follow',
        'open web addresses themselves only, no others that they name: no redirects, no HLS (FFmpeg 5.1)',
      )
      .option('--max-sources <n>', 'sources there may be at a time', whole(1), MAX_SOURCES)
      .option(
        '--motion',
        'while nothing moves, repeat the last result, with a look every 2 seconds',
      )
      .addOption(choice('--log <format>', 'how it tells what happens', ['text', 'json'], 'text'))
      .option(
        '--drain <seconds>',
        'after SIGTERM serve those who are connected for at most so long',
        whole(0, 3_600),
        5,
      )
      .option('--batch <n>', 'frames of different sources computed side by side', whole(1, 32), 1),
    'tolerant',
  );
}

/**
 * Turns the flags of `serve` into arguments.
 * @param isGiven whether a flag was typed: those win over the file, which wins over the defaults
 * @param file the configuration file that the flags name, read
 */
export function serveArguments(
  flags: ServeFlags,
  isGiven: (name: string) => boolean,
  file?: ConfigFile,
): ServeArguments {
  const settings = Object.entries(flagsOf(file?.config ?? {}));
  const merged = {
    ...flags,
    ...Object.fromEntries(settings.filter(([name]) => !isGiven(name))),
  } as ServeFlags; // the file was held against its schema
  const {
    host,
    port,
    batch,
    manage = false,
    follow,
    maxSources,
    motion = false,
    loop,
    log,
    drain,
  } = merged;
  const all = modelArguments(merged);
  const typed = flags.source.map((source) => ({ ...source, loop: loop ?? false }));
  const typedNames = new Set(typed.map(({ name }) => name));
  const winning: Partial<ConfigSource> = {
    ...(loop === true ? { loop } : {}),
    ...(isGiven('vidStride') ? { stride: flags.vidStride } : {}),
    ...(isGiven('maxFrames') ? { maxFrames: flags.maxFrames } : {}),
  };
  const sourcesOf = ({ sources = [] }: Config): readonly ConfigSource[] =>
    sources
      .filter(({ name }) => !typedNames.has(name))
      .map((source) => ({ ...source, ...winning }));
  return {
    ...all,
    detector: { ...all.detector, batch },
    detect: { ...all.detect, ...(motion ? { motion: {} } : {}) },
    sources: [...typed, ...(file === undefined ? [] : sourcesOf(file.config))],
    host,
    port,
    manage,
    followLinks: follow,
    maxSources,
    server: serverOptions(merged, file?.config),
    config: file && { ...file, sourcesOf },
    log,
    drainSeconds: drain,
  };
}

/** What the server is told beside its address. @throws TypeError where only one of certificate and key is there */
function serverOptions(
  { token, insecure = false, origin, cert, key }: ServeFlags,
  config: Config = {},
): ServeArguments['server'] {
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError('Expected --cert and --key together');
  }
  const { PIX2SEQ_STREAM_TOKEN: secret } = process.env;
  const typed = [...token, ...(secret === undefined ? [] : [secret])];
  const tokens = [...typed.map((one) => ({ token: one, manage: true })), ...(config.tokens ?? [])];
  return {
    zones: config.zones ?? {},
    insecure,
    origins: [...origin, ...(config.origins ?? [])],
    ...(tokens.length === 0 ? {} : { auth: { tokens } }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
  };
}

function several(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

/** A configuration's settings under the names that commander gives the flags. */
function flagsOf({ detect, server, stride, ...rest }: Config): object {
  return { ...rest, ...detect, ...server, ...(stride === undefined ? {} : { vidStride: stride }) };
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
