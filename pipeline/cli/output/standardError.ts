/** Standard error, whose reader may go, stop reading, or have no room left: nothing of that ends what a command does. */
import { setTimeout as delay } from 'node:timers/promises';
import { printable } from './printable.ts';

/** What may wait for a reader who does not read, bytes; lines beyond are lost. */
const MAX_WAITING_BYTES = 1 << 20;
/** How long the end of the program waits for such a reader, milliseconds. */
const LAST_WORDS_MS = 1_000;

/** Hears the errors of standard error, which would otherwise end the program. To be called once, before all. */
export function keepStandardError(): void {
  process.stderr.on('error', () => undefined); // each line hears of its own
}

/** Says something to the user. @param text with its line breaks; what a terminal takes for a command is escaped */
export function say(text: string): void {
  process.stderr.write(printable(text));
}

/**
 * Makes a place for lines.
 * @param onBack told how many lines were lost, once what waited is out
 * @returns takes a line, line break included; never throws, never waits
 */
export function openErrorLines(onBack: (numLost: number) => void): (line: string) => void {
  let numLost = 0;
  return (line) => {
    if (process.stderr.writableLength > MAX_WAITING_BYTES) {
      numLost += 1;
      return;
    }
    process.stderr.write(line, (error) => {
      if (error) {
        numLost += 1;
      } else if (numLost > 0 && process.stderr.writableLength === 0) {
        const told = numLost;
        numLost = 0;
        onBack(told);
      }
    });
  };
}

/** Waits for what was said last. @returns whether all of it is out */
export async function endStandardError(): Promise<boolean> {
  if (process.stderr.writableLength > 0) {
    const written = new Promise<void>((resolve) => process.stderr.write('', () => resolve()));
    await Promise.race([written, delay(LAST_WORDS_MS)]);
  }
  return process.stderr.writableLength === 0;
}
