import { Command } from 'commander';
import { DETECTOR_OPTIONS } from '../../../../models/core/detectorOptions.ts';
import type { AnyOption, AnyTable } from '../../../../models/core/options.ts';
import { FROM_VIDEO_OPTIONS } from '../../../../operators/options.ts';
import { addOptions, flagValues } from '../../../../pipeline/cli/options/addOptions.ts';
import type { Flags } from '../../../../pipeline/cli/options/addOptions.ts';
import {
  detectArguments,
  addDetectOptions,
} from '../../../../pipeline/cli/options/detectOptions.ts';
import { addEvalOptions, evalArguments } from '../../../../pipeline/cli/options/evalOptions.ts';
import { addServeOptions, serveArguments } from '../../../../pipeline/cli/options/serveOptions.ts';
import type { ServeArguments } from '../../../../pipeline/cli/options/serveOptions.ts';
import { parseConfig } from '../../../../pipeline/config/parseConfig.ts';
import {
  READING_SETTINGS,
  SERVING_SETTINGS,
  SOURCES_SETTINGS,
} from '../../../../pipeline/options/settings.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

/** Has a command parse what is typed. */
function parsed(add: (command: Command) => Command, args: readonly string[]): Command {
  return add(new Command('test').exitOverride()).parse(args, { from: 'user' });
}

function served(args: readonly string[], yaml?: string): ServeArguments {
  const command = parsed(addServeOptions, args);
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
  const file =
    yaml === undefined ? undefined : { path: 'a', text: yaml, config: parseConfig(yaml, 'a') };
  return serveArguments(command.opts<Flags>(), isGiven, file);
}

suite('options of the command line', (test) => {
  test('go by the name they have in code', () => {
    const tables: AnyTable = {
      ...{ ...DETECTOR_OPTIONS, ...READING_SETTINGS, ...SOURCES_SETTINGS, ...SERVING_SETTINGS },
      ...FROM_VIDEO_OPTIONS,
    };
    const kebab = (name: string): string =>
      name.replaceAll(/[A-Z]/g, (one) => `-${one.toLowerCase()}`);
    const typedAs = ({ flag = '' }: AnyOption): string => flag.replace(/^--(no-)?| .*$/g, '');
    const others = Object.entries(tables).filter(
      ([name, row]) => row.flag !== undefined && typedAs(row) !== kebab(name),
    );

    assert.equal(others, []);
  });

  const aliases: readonly (readonly [string, string])[] = [
    ['--min-score 0.5', '--conf 0.5'],
    ['--stride 3', '--vid-stride 3'],
    ['--tasks segment,pose', '--task segment,pose'],
    ['--drain-seconds 7', '--drain 7'],
    ['--no-follow-links', '--no-follow'],
  ];
  for (const [now, before] of aliases) {
    test(`${now} is ${before}`, () => {
      const changed = served(now.split(' '));

      assert.equal(served(before.split(' ')), changed);
      assert.not.equal(changed, served([]));
    });
  }

  test('switch a group on by any of its flags', () => {
    const motionOf = (...args: string[]): unknown =>
      detectArguments(parsed(addDetectOptions, args).opts<Flags>()).detect.motion;

    assert.is(motionOf(), undefined);
    assert.equal(motionOf('--motion'), {});
    assert.equal(motionOf('--max-still-seconds', '9'), { maxStillSeconds: 9 });
    assert.equal(motionOf('--motion', '--motion-threshold', '4'), { threshold: 4 });
  });

  test('have the defaults of their tables, unless a command has its own', () => {
    const { detect, stride, out, tasks, quiet } = detectArguments(
      parsed(addDetectOptions, []).opts<Flags>(),
    );
    const required = ['--images', 'a', '--annotations', 'b'];
    const judged = evalArguments(parsed(addEvalOptions, required).opts<Flags>());

    assert.equal([detect.minScore, detect.maxObjects, detect.reuse], [0.3, 100, 'refine']);
    assert.equal([stride, out, tasks, quiet], [1, '-', ['detect'], false]);
    assert.equal([judged.detect.minScore, judged.detect.reuse, judged.pan], [0, 'refine', 0]);
    assert.is(served([]).detect.reuse, 'tolerant');
    assert.equal(detectArguments({}).detect, detect);
  });

  test('are checked by their ranges', () => {
    const table: AnyTable = { size: { type: 'number', above: 0, max: 1, flag: '--size <n>' } };
    const add = (command: Command): Command =>
      addOptions(command.configureOutput({ writeErr: () => undefined }), table);
    const size = flagValues<{ size?: number }>(table, parsed(add, ['--size', '1']).opts<Flags>());

    assert.equal(size, { size: 1 });
    assert.throws(() => parsed(add, ['--size', '0']), /'0' is invalid.*a number > 0, at most 1/);
  });
});

suite('options of serve', (test) => {
  test('win over the file when typed; the file wins over the defaults', () => {
    const yaml =
      'stride: 4\nmaxFrames: 9\ndetect: { minScore: 0.6, tasks: [pose] }\nserver: { port: 0 }';
    const { stride, maxFrames, detect, tasks, server } = served(['--stride', '2'], yaml);

    assert.equal(
      [stride, maxFrames, detect.minScore, tasks, server.port],
      [2, 9, 0.6, ['pose'], 0],
    );
    assert.is(served(['--conf', '0.1'], yaml).detect.minScore, 0.1);
  });

  test('go by their former keys in the file', () => {
    const now =
      'detect: { minScore: 0.6, tasks: [pose] }\nserver: { drainSeconds: 7, followLinks: false }';
    const before = 'detect: { conf: 0.6, task: [pose] }\nserver: { drain: 7, follow: false }';

    assert.equal({ ...served([], before), config: 0 }, { ...served([], now), config: 0 });
  });

  test('have motion as true, false or settings in the file', () => {
    const motionOf = (value: string, ...args: string[]): unknown =>
      served(args, `detect: { motion: ${value} }`).detect.motion;

    assert.equal(motionOf('true'), {});
    assert.is(motionOf('false'), undefined);
    assert.equal(motionOf('{ maxStillSeconds: 5 }'), { maxStillSeconds: 5 });
    assert.equal(motionOf('{ maxStillSeconds: 5 }', '--max-still-seconds', '6'), {
      maxStillSeconds: 6,
    });
  });
});
