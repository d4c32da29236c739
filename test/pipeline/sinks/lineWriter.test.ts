import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openLineWriter } from '../../../pipeline/sinks/lineWriter.ts';
import * as assert from '../../support/assert.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';

const WRITER = new URL('../../../pipeline/sinks/lineWriter.ts', import.meta.url).href;
const LOADER = new URL('../../support/typescript.mjs', import.meta.url).href;
/** More than any pipe holds. */
const NUM_LINES = 2_000;
const LINE_LENGTH = 1_000;

/** Writes long lines to a standard output that may refuse for now, as Node sets up its own. */
const CHATTERBOX = `
  import { openLineWriter } from ${JSON.stringify(WRITER)};
  process.stdout.writableLength;
  const writer = openLineWriter('-');
  process.stderr.write('begins');
  for (let i = 0; i < ${NUM_LINES}; i++) {
    writer.write(String(i).padStart(${LINE_LENGTH}, '.'));
  }
  writer.close();
`;

suite('openLineWriter', (test) => {
  const folder = mkdtempSync(join(tmpdir(), 'lines-'));
  const file = join(folder, 'out.txt');
  test.after(() => rmSync(folder, { recursive: true }));

  test('replaces the file at the first line, and each line is there when write returns', () => {
    writeFileSync(file, 'old and long contents\n');

    const writer = openLineWriter(file);
    assert.is(readFileSync(file, 'utf8'), 'old and long contents\n');
    writer.write('one');
    assert.is(readFileSync(file, 'utf8'), 'one\n');
    writer.write('zwei – 二');
    writer.close();

    assert.is(readFileSync(file, 'utf8'), 'one\nzwei – 二\n');
  });

  test('closes twice without harm, and refuses lines afterwards', async () => {
    const writer = openLineWriter(file);

    writer.close();
    writer.close();

    await assert.rejects(() => writer.write('late'), { message: /before the writer is closed/ });
  });

  test('names the file that cannot be opened', async () => {
    const path = join(folder, 'no', 'such', 'folder.txt');

    const error = await assert.rejects(() => openLineWriter(path), { code: 'ERR_OUTPUT' });

    assert.ok(
      error.message.startsWith(`Cannot write \`${path}\`: there is no such file or folder`),
      error.message,
    );
  });

  if (existsSync('/dev/full')) {
    test('says that a disk is full, and keeps the cause', async () => {
      const writer = openLineWriter('/dev/full');

      const error = await assert.rejects(() => writer.write('one'), { code: 'ERR_OUTPUT' });

      assert.is((error.cause as NodeJS.ErrnoException).code, 'ENOSPC');
      writer.close();
    });
  } else {
    test.skip('says that a disk is full', 'no /dev/full on this system');
  }

  test(
    'waits for a reader that comes late, and loses nothing',
    async () => {
      const script = ['--input-type=module', '--eval', CHATTERBOX];
      const child = spawn(process.execPath, ['--import', LOADER, ...script], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child.stdout.pause();
      await once(child.stderr, 'data');
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));

      const [code] = (await once(child, 'close')) as [number];

      assert.is(code, 0);
      assert.is(lines.length, NUM_LINES);
      lines.forEach((line, i) => assert.is(line, String(i).padStart(LINE_LENGTH, '.')));
    },
    { timeoutMs: END_TO_END_MS },
  );

  test('leaves standard output open', () => {
    openLineWriter('-').close();

    assert.is(process.stdout.destroyed, false);
    process.stdout.write(''); // would fail on a closed descriptor
  });
});
