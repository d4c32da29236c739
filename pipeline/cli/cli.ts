/** The command line: which commands there are. What they do is in their own files. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { toError } from '../../models/core/errors.ts';
import { maskError } from '../../models/core/secrets.ts';
import type { Mask } from '../../models/core/secrets.ts';
import { EXIT, errorLine, exitCodeOf } from './output/exitCodes.ts';
import { addImportOptions, importArguments } from './options/importOptions.ts';
import { maskArguments } from './maskArguments.ts';
import { addBenchOptions, benchArguments } from './options/benchOptions.ts';
import { addDetectOptions, detectArguments } from './options/detectOptions.ts';
import { addEvalOptions, evalArguments } from './options/evalOptions.ts';
import { addServeOptions, serveArguments } from './options/serveOptions.ts';
import type { Flags } from './options/addOptions.ts';
import { say } from './output/standardError.ts';

/**
 * Runs the program.
 * @param args what was typed after its name
 * @param interrupt ends the command in good order
 * @returns the exit code: 0 done, 1 failed while running, 2 wrong arguments, 3 source or model could
 * not be opened, 130 interrupted
 */
export async function runCli(args: readonly string[], interrupt: AbortSignal): Promise<number> {
  let code: number = EXIT.done;
  const mask = maskArguments(args);
  const program = createProgram(interrupt, mask, (result) => (code = result));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      return thrown.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has said why
    }
    const error = maskError(toError(thrown), mask);
    say(errorLine(error, args.includes('--verbose')));
    return exitCodeOf(error);
  }
}

function createProgram(interrupt: AbortSignal, mask: Mask, done: (code: number) => void): Command {
  const program = new Command('pix2seq-stream')
    .description(
      'Streaming object detection: a model reads the objects of each frame out as tokens',
    )
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`pix2seq-stream: ${mask(oneLine(text))}\n`),
    });
  addDetectOptions(program.command('detect'))
    .description('find the objects in videos and pictures')
    .argument('<source...>', 'video, URL, picture, folder, glob, or - for standard input')
    .action(async (sources: string[], flags: Flags) => {
      const { detectCommand } = await import('./detect/detectCommand.ts');
      done(await detectCommand(sources, detectArguments(flags), interrupt));
    });
  addServeOptions(program.command('serve'))
    .description('serve detections over WebSocket, with a page to look at them')
    .action(async (flags: Flags & { readonly config?: string }, command: Command) => {
      const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli';
      const { config } = flags;
      const file =
        config === undefined
          ? undefined
          : (await import('../config/configFile.ts')).readConfig(config);
      // Node opens what is imported side by side, some 200 files: the largest library first, where few may be open
      await import('typebox');
      const { serveCommand } = await import('./serve/serveCommand.ts');
      done(await serveCommand(serveArguments(flags, isGiven, file), interrupt));
    });
  addEvalOptions(program.command('eval'))
    .description('judge a model on labelled pictures, as COCO does')
    .action(async (flags: Flags) => {
      const { evalCommand } = await import('./eval/evalCommand.ts');
      done(await evalCommand(evalArguments(flags), interrupt));
    });
  addImportOptions(program.command('import'))
    .description('make a model folder of an official Pix2seq checkpoint')
    .argument(
      '<checkpoint-dir>',
      'folder of ckpt-N.index and ckpt-N.data-*; with --from, to be filled',
    )
    .action(async (checkpointDir: string, flags: Flags) => {
      const { importCommand } = await import('./import/importCommand.ts');
      done(await importCommand(importArguments(checkpointDir, flags), interrupt));
    });
  addBenchOptions(program.command('bench'))
    .description('print the benchmark tables of the README')
    .argument('[clip...]', 'videos beside the bundled one')
    .action(async (clips: string[], flags: Flags) => {
      const { benchCommand } = await import('./bench/benchCommand.ts');
      done(await benchCommand(benchArguments(clips, flags), interrupt));
    });
  return program;
}

/** Commander's errors have a hint on a line of their own. */
function oneLine(text: string): string {
  return text
    .trim()
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ');
}

function packageVersion(): string {
  const manifest = createRequire(import.meta.url)('pix2seq-stream/package.json') as {
    version: string;
  };
  return manifest.version;
}
