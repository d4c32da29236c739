import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** Longest line of another program that is looked at, characters; what follows up to its end is thrown away. */
export const MAX_LINE = 4_096;

/**
 * Reads what another program says, line by line, in bounded memory.
 * @param onLine told each line without its end, its first `MAX_LINE` characters at most
 */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let line = '';
  const add = (text: string): void => {
    line += text.slice(0, MAX_LINE - line.length);
  };
  const emit = (): void => {
    const whole = line;
    line = '';
    onLine(whole);
  };
  stream.on('data', (chunk: Buffer) => {
    const [first = '', ...more] = decoder.write(chunk).split(/\r\n|[\r\n]/);
    add(first);
    for (const next of more) {
      emit();
      add(next);
    }
  });
  stream.on('end', () => line !== '' && emit());
  stream.on('error', () => undefined); // the program's end says more
}
