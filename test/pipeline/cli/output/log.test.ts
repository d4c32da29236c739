import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

const LOADER = new URL('../../../support/typescript.mjs', import.meta.url).href;
const PROGRAM = fileURLToPath(new URL('../../../support/programs/writeLog.ts', import.meta.url));
const FULL = '/dev/full';

/** A program that writes a log. */
interface Writer {
  readonly child: ChildProcess;
  /** @returns its answer */
  ask(word: string): Promise<string>;
}

suite('createLog', (test) => {
  const children: ChildProcess[] = [];
  test.afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
  const start = (format: string, stderr: 'pipe' | number = 'pipe'): Writer => {
    const child = spawn(process.execPath, ['--import', LOADER, PROGRAM, format], {
      stdio: ['pipe', 'pipe', stderr],
    });
    children.push(child);
    const answers = createInterface({ input: child.stdout as Readable });
    return {
      child,
      async ask(word) {
        const answer = once(answers, 'line');
        child.stdin?.write(`${word}\n`);
        return String((await answer)[0]);
      },
    };
  };
  const lines = (child: ChildProcess): AsyncIterableIterator<string> =>
    createInterface({ input: child.stderr as Readable })[Symbol.asyncIterator]();

  for (const format of ['text', 'json']) {
    test(`goes on when nobody reads it any more, ${format}`, async () => {
      const { child, ask } = start(format);
      child.stderr?.destroy();

      for (let i = 0; i < 20; i++) {
        assert.is(await ask('line'), 'line');
      }
      assert.is(await ask('end'), 'all is out: true');
    });

    const onFullDisk = async (): Promise<void> => {
      const full = openSync(FULL, 'w');
      const { ask } = start(format, full);
      closeSync(full);

      for (let i = 0; i < 20; i++) {
        assert.is(await ask('line'), 'line');
      }
      assert.is(await ask('end'), 'all is out: true');
    };
    const title = `goes on where there is no room for it, ${format}`;
    if (existsSync(FULL)) {
      test(title, onFullDisk);
    } else {
      test.skip(title, `there is no ${FULL}`);
    }

    test(`keeps a megabyte for a reader who does not read, and tells what was lost, ${format}`, async () => {
      const { child, ask } = start(format);
      await ask('fill');
      assert.is(await ask('line'), 'line');
      let numRead = 0;
      const read = lines(child);

      for await (const line of read) {
        numRead += 1;
        const [, numLost] = /(\d+) lines before this could not be written/.exec(line) ?? [];
        if (numLost !== undefined) {
          assert.ok(numRead > 900 && numRead < 1_400, `read ${numRead}`);
          assert.is(numRead - 1 + Number(numLost), 3_001);
          break;
        }
      }
      assert.is(await ask('end'), 'all is out: true');
    });
  }

  test('does not wait for ever for a reader who does not read', async () => {
    const { ask } = start('text');
    await ask('fill');

    assert.is(await ask('end'), 'all is out: false');
  });
});
