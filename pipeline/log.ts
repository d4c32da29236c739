/** The door to pino: what a running command tells on standard error. */
import { errorLine } from './exitCodes.ts';

/** How a log is written. */
export type LogFormat = 'text' | 'json';

/** What a running command tells, a line each. */
export interface Log {
  /** @param facts what the line is made of, for programs; text does not repeat them */
  info(line: string, facts?: object): void;
  /** Told also where the user wants quiet. */
  error(error: Error): void;
}

/**
 * Opens a log on standard error: lines for people, or JSON as pino writes it (`level`, `time`, `pid`,
 * `hostname`, `msg`, the facts, and `err` of an error).
 * @param quiet leaves out all but errors
 */
export async function createLog(format: LogFormat, quiet: boolean): Promise<Log> {
  if (format === 'text') {
    return {
      info: (line) => void (quiet || process.stderr.write(`${line}\n`)),
      error: (error) => void process.stderr.write(errorLine(error, false)),
    };
  }
  const { destination, pino, stdTimeFunctions } = await import('pino');
  const logger = pino(
    { level: quiet ? 'error' : 'info', timestamp: stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: true }), // the last lines come at the very end of the process
  );
  return {
    info: (line, facts = {}) => logger.info(facts, line),
    error: (error) => logger.error(error),
  };
}
