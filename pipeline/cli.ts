/** The command line: which commands there are. What they do is in their own files. */
import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { toError } from '../models/index.ts';
import { EXIT, errorLine, exitCodeOf } from './exitCodes.ts';
import { addDetectOptions, addServeOptions, detectArguments, serveArguments } from './options.ts';

/**
 * Runs the program.
 * @param args what was typed after its name
 * @param interrupt ends the command in good order
 * @returns the exit code: 0 done, 1 failed while running, 2 wrong arguments, 3 source or model could
 * not be opened, 130 interrupted
 */
export async function runCli(args: readonly string[], interrupt: AbortSignal): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(interrupt, (result) => (code = result));
  try {
    await program.parseAsync(args, { from: 'user' });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) {
      return thrown.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has said why
    }
    const error = toError(thrown);
    process.stderr.write(errorLine(error, args.includes('--verbose')));
    return exitCodeOf(error);
  }
}

function createProgram(interrupt: AbortSignal, done: (code: number) => void): Command {
  const program = new Command('pix2seq-stream')
    .description(
      'Streaming object detection: a model reads the objects of each frame out as tokens',
    )
    .version(packageVersion())
    .exitOverride()
    .configureOutput({
      outputError: (text, write) => write(`pix2seq-stream: ${oneLine(text)}\n`),
    });
  addDetectOptions(program.command('detect'))
    .description('find the objects in videos and pictures')
    .argument('<source...>', 'video, URL, picture, folder, glob, or - for standard input')
    .action(async (sources: string[], flags: Parameters<typeof detectArguments>[0]) => {
      const { detectCommand } = await import('./detectCommand.ts');
      done(await detectCommand(sources, detectArguments(flags), interrupt));
    });
  addServeOptions(program.command('serve'))
    .description('serve detections over WebSocket, with a page to look at them')
    .action(async (flags: Parameters<typeof serveArguments>[0]) => {
      const { serveCommand } = await import('./serveCommand.ts');
      done(await serveCommand(serveArguments(flags), interrupt));
    });
  program
    .command('bench')
    .description('print the benchmark tables of the README')
    .option('--json', 'figures as JSON')
    .option('--minutes <n>', 'length of the memory test', Number, 10)
    .action(async (flags: { json?: boolean; minutes: number }) => {
      const { benchCommand } = await import('./bench/benchCommand.ts');
      done(await benchCommand({ json: flags.json ?? false, minutes: flags.minutes }, interrupt));
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
