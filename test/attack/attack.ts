/**
 * `npm run attack`: hostile clients against a real server, each with a healthy subscriber beside it, and hostile files through
 * the program itself. Prints a Markdown table; needs a build, `ffmpeg` and `ps`; takes minutes.
 * Exit code: 0 all within the limits, 1 something is not, 2 wrong arguments, 130 interrupted.
 *
 *     npm run attack -- [--seed 1] [--messages 20000] [--only PATTERN]
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { toError } from '../../models/core/errors.ts';
import { expectInteger } from '../../models/core/validate.ts';
import { DEMO_CLIP } from '../../pipeline/run/openSource.ts';
import { EXIT } from '../../pipeline/cli/output/exitCodes.ts';
import { temporaryFolder } from '../support/temporaryFolder.ts';
import { CLIENT_ATTACKS, TOKEN } from './clients.ts';
import type { ClientAttack } from './clients.ts';
import { HealthyClient } from './healthyClient.ts';
import { largeFilters } from './largeFilters.ts';
import { makeHostileFiles } from './media.ts';
import { runMeasured, startTarget } from './target.ts';
import type { Cost } from './target.ts';

/** Nobody may hold the event loop longer, beyond what the machine itself did meanwhile, ms. */
const MAX_HOLD_MS = 100;
/** Nor take more memory. */
const MAX_BYTES = 256e6;
/** Of one file; whoever needs longer hangs. */
const FILE_MS = 90_000;
/** Frames that are kept when an attack begins. */
const WARM_MS = 5_000;

interface Row extends Cost {
  readonly name: string;
  readonly outcome: string;
}

interface Options {
  readonly seed: number;
  readonly numMessages: number;
  readonly only: RegExp;
}

/** @throws TypeError, RangeError, SyntaxError for wrong ones */
function readArguments(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string', default: '1' },
      messages: { type: 'string', default: '20000' },
      only: { type: 'string', default: '' },
    },
  });
  return {
    seed: expectInteger('seed', Number(values.seed), { min: 0 }),
    numMessages: expectInteger('messages', Number(values.messages), { min: 1 }),
    only: new RegExp(values.only, 'i'),
  };
}

function isTooMuch({ holdMs, noiseMs, bytes, outcome }: Row): boolean {
  return holdMs - noiseMs > MAX_HOLD_MS || bytes > MAX_BYTES || outcome.startsWith('FAILED');
}

async function attackServer(attack: ClientAttack, { seed, numMessages }: Options): Promise<Row> {
  const script = new URL('./targetServer.ts', import.meta.url);
  await using target = await startTarget(
    [JSON.stringify(attack.options ?? {})],
    /listening at (\S+)/,
    script,
  );
  const url = target.match[1] ?? '';
  const healthy = await HealthyClient.open(url, { Authorization: `Bearer ${TOKEN}` });
  await sleep(WARM_MS);
  const cost = await target.measure(() => attack.run(url, seed, numMessages));
  const { verdict } = healthy;
  healthy.close();
  const isFailed = verdict.startsWith('FAILED');
  return {
    ...cost,
    name: attack.name,
    outcome: isFailed ? verdict : `${cost.outcome}; ${verdict}`,
  };
}

/** Large filters go to the model: this needs one. */
async function attackModel(): Promise<Row> {
  await using target = await startTarget(['serve', '--port', '0'], /Look at (http\S+?),/);
  const url = target.match[1] ?? '';
  await sleep(WARM_MS);
  const cost = await target.measure(() => largeFilters(url));
  return { ...cost, name: 'filters of 256 labels, 40 clients, with the model' };
}

async function attackWithFiles(only: RegExp, done: (row: Row) => void): Promise<void> {
  await using folder = await temporaryFolder();
  const files = (await makeHostileFiles(folder.path)).filter(({ name }) => only.test(name));
  if (files.length === 0) {
    return;
  }
  const probeFile = join(folder.path, 'probe');
  const harmless = ['detect', DEMO_CLIP, '--max-frames', '20'];
  const usual = await runMeasured(harmless, probeFile, FILE_MS);
  done({ ...usual, name: 'a harmless video, for comparison: less this', bytes: 0, holdMs: 0 });
  for (const { name, args, after } of files) {
    const one = await runMeasured(['detect', ...args], probeFile, FILE_MS);
    const outcome = [after?.(), one.outcome].filter(Boolean).join('; ');
    const holdMs = Math.max(0, one.holdMs - usual.holdMs);
    done({ ...one, name, outcome, holdMs, bytes: Math.max(0, one.bytes - usual.bytes) });
  }
}

/** @returns the exit code */
async function main(): Promise<number> {
  let options: Options;
  try {
    options = readArguments(process.argv.slice(2));
  } catch (thrown) {
    process.stderr.write(`attack: ${toError(thrown).message}\n`);
    return EXIT.usage;
  }
  const { only } = options;
  let numTooMuch = 0;
  process.stdout.write(
    '| attack | event loop held, ms (machine itself) | memory, MB | outcome |\n| --- | ---: | ---: | --- |\n',
  );
  const done = (row: Row): void => {
    const { name, holdMs, noiseMs, bytes, outcome } = row;
    const isBad = isTooMuch(row);
    numTooMuch += isBad ? 1 : 0;
    const figures = `${holdMs.toFixed(0)} (${noiseMs.toFixed(0)}) | ${(bytes / 1e6).toFixed(0)}`;
    const told = outcome.replaceAll('|', '\\|');
    process.stdout.write(`| ${isBad ? '**exceeds** ' : ''}${name} | ${figures} | ${told} |\n`);
  };
  for (const attack of CLIENT_ATTACKS.filter(({ name }) => only.test(name))) {
    done(await attackServer(attack, options));
  }
  if (only.test('filters of 256 labels, 40 clients, with the model')) {
    done(await attackModel());
  }
  await attackWithFiles(only, done);
  return numTooMuch === 0 ? EXIT.done : EXIT.failed;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => process.exit(EXIT.interrupted)); // the targets are ended on the way out
}
process.exitCode = await main();
