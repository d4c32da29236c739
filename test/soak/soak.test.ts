import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import * as assert from '../support/assert.ts';
import { ROOT } from '../support/sourceFiles.ts';
import { END_TO_END_MS, suite } from '../support/suite.ts';
import { descendantsOf, listProcesses } from './processes.ts';
import type { SoakReport } from './report.ts';
import { isEven } from './serverMessages.ts';

const SOAK = ['--import', './test/support/typescript.mjs', 'test/soak/soak.ts'];

interface SoakOutcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Processes that it had started and that are there after its end. */
  readonly left: readonly string[];
}

/** Runs the soak to its end. @param interruptAt sends SIGINT at the first line that matches */
async function soak(args: readonly string[], interruptAt?: RegExp): Promise<SoakOutcome> {
  const child = spawn(process.execPath, [...SOAK, ...args], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  const kill = (): void => void child.kill('SIGKILL');
  process.on('exit', kill);
  const started = new Set<number>();
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
    if (interruptAt?.test(said) === true) {
      child.kill('SIGINT');
      interruptAt = undefined;
    }
    // a line a second or so: a look at its processes each time
    void listProcesses().then((all) =>
      descendantsOf(pid ?? -1, all).forEach((one) => started.add(one.pid)),
    );
  });
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  process.off('exit', kill);
  const left = (await listProcesses()).filter((one) => started.has(one.pid));
  assert.ok(started.size > 0);
  return {
    code: code as number | null,
    stdout,
    stderr: said,
    left: left.map((one) => one.command),
  };
}

suite('soak', (test) => {
  test.needs('ffmpeg', 'ps');

  test(
    'accounts for every frame of cameras that fail, and leaves no process behind',
    async () => {
      const { code, stdout, stderr, left } = await soak(
        '--minutes 0.4 --cameras 8 --shared --json'.split(' '),
      );

      assert.is(code, 0, stderr);
      const report = JSON.parse(stdout) as SoakReport;
      assert.equal(report.faults, []);
      assert.ok(isEven(report.counts));
      assert.is(report.counts.inFlight, 0);
      assert.equal([report.cameras, report.flapping], [8, 3]);
      assert.ok(report.counts.delivered > 0);
      const numFaults = Object.values(report.recoveries).reduce((sum, { count }) => sum + count, 0);
      assert.ok(numFaults > 0, 'no camera has failed');
      assert.ok(report.readers.every(({ numFrames }) => numFrames > 0));
      assert.equal(left, []);
    },
    { timeoutMs: END_TO_END_MS },
  );

  test(
    'tells what there is when it is interrupted',
    async () => {
      const args = ['--minutes', '0.5', '--cameras', '1'];
      const { code, stdout, stderr, left } = await soak(args, /\d of 0.5 min/);

      assert.is(code, 130, stderr);
      assert.match(stdout, /\| = delivered \| \d+ \|/);
      assert.equal(left, []);
    },
    { timeoutMs: END_TO_END_MS },
  );

  test('refuses arguments that are wrong', async () => {
    const child = spawn(process.execPath, [...SOAK, '--cameras', '0'], { cwd: ROOT });
    const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'close')]);

    assert.is(code, 2);
    assert.match(said, /Expected `cameras` to be .* from 1 to 64/);
  });
});
