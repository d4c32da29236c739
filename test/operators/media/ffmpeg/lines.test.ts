import { Readable } from 'node:stream';
import { MAX_LINE, readLines } from '../../../../operators/media/ffmpeg/lines.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

/** @returns the lines of what comes in these pieces */
function linesOf(...pieces: readonly (string | Buffer)[]): Promise<string[]> {
  const lines: string[] = [];
  const stream = Readable.from(pieces.map((piece) => Buffer.from(piece)));
  readLines(stream, (line) => lines.push(line));
  return new Promise((resolve) => stream.on('end', () => setImmediate(() => resolve(lines))));
}

suite('readLines', (test) => {
  test('puts lines together, whatever pieces they come in and whatever ends them', async () => {
    assert.equal(await linesOf('a', 'b\nc', '\r\n\nd\re'), ['ab', 'c', '', 'd', 'e']);
  });

  test('puts letters together that come in two pieces', async () => {
    const [left, right] = [Buffer.from('ü\n').subarray(0, 1), Buffer.from('ü\n').subarray(1)];

    assert.equal(await linesOf(left, right), ['ü']);
  });

  test('cuts a line without an end, and goes on behind it', async () => {
    const long = 'x'.repeat(100_000);

    assert.equal(await linesOf(long, long, '\nshort\n'), ['x'.repeat(MAX_LINE), 'short']);
  });
});
