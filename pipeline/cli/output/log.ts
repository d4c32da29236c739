/** The door to pino: what a running command tells on standard error. */
import type { LogFormat } from '../../options/settings.ts';
import { errorLine } from './exitCodes.ts';
import { printable } from './printable.ts';
import { openErrorLines } from './standardError.ts';

/** What a running command tells, a line each; never throws, whatever becomes of who reads it. */
export interface Log {
  /** @param facts what the line is made of, for programs; text does not repeat them */
  info(line: string, facts?: object): void;
  /** Told also where the user wants quiet. */
  error(error: Error): void;
}

/**
 * Opens a log on standard error: lines for people, or JSON as pino writes it (`level`, `time`, `pid`,
 * `hostname`, `msg`, the facts, and `err` of an error). Lines that could not be written, since the disk is full or
 * nobody reads them, are counted; how many is told when the log works again.
 * @param quiet leaves out all but errors
 */
export async function createLog(format: LogFormat, quiet: boolean): Promise<Log> {
  const write = openErrorLines((numLost) => log.error(new Error(lostLine(numLost))));
  const log = format === 'text' ? textLog(write, quiet) : await jsonLog(write, quiet);
  return log;
}

function textLog(write: (line: string) => void, quiet: boolean): Log {
  return {
    info: (line) => void (quiet || write(`${printable(line.replaceAll('\n', ' '))}\n`)),
    error: (error) => write(printable(errorLine(error, false))),
  };
}

async function jsonLog(write: (line: string) => void, quiet: boolean): Promise<Log> {
  const { pino, stdTimeFunctions } = await import('pino');
  const logger = pino(
    { level: quiet ? 'error' : 'info', timestamp: stdTimeFunctions.isoTime },
    { write },
  );
  return {
    info: (line, facts = {}) => logger.info(facts, line),
    error: (error) => logger.error(error),
  };
}

function lostLine(numLost: number): string {
  return `${numLost} ${numLost === 1 ? 'line' : 'lines'} before this could not be written to the log`;
}
