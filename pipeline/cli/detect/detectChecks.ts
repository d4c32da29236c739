/** What can be said of the arguments of `detect` before anything is loaded. */
import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expectAddress } from '../../../models/core/address.ts';
import { sourceName } from '../../../models/core/sourceName.ts';
import { kindOfSource, pathOf } from '../../../operators/index.ts';
import type { FormatName } from '../../sinks/formats.ts';
import type { DetectArguments } from '../options/detectOptions.ts';
import type { TaskName } from '../../options/settings.ts';

/** What a format has no place for beside boxes. */
const NO_PLACE: Readonly<Record<FormatName, readonly TaskName[]>> = {
  ndjson: [],
  coco: ['segment', 'caption'],
  csv: ['segment', 'pose', 'caption'],
  mot: ['segment', 'pose', 'caption'],
};

/**
 * Checks that what is asked for goes together, and that nothing would replace what is to be read.
 * @throws RangeError, TypeError
 */
export async function expectDetectable(
  sources: readonly string[],
  options: DetectArguments,
): Promise<void> {
  const { tasks, attention, format, out, save } = options;
  sources.forEach(expectAddress);
  expectApart(sources, 'out', out);
  const lost = tasks.find((task) => NO_PLACE[format].includes(task));
  if (lost !== undefined) {
    throw new TypeError(
      `\`--format ${format}\` has no place for what \`--task ${lost}\` finds; use \`--format ndjson\``,
    );
  }
  if (attention !== undefined && tasks.some((task) => task !== 'detect')) {
    throw new TypeError('`--attention` is drawn for `--task detect` alone; leave one of them out');
  }
  if (attention !== undefined && options.detect.motion !== undefined) {
    throw new TypeError('`--attention` looks at each frame; leave `--motion` and its settings out');
  }
  await expectTraceable(sources, format);
  if (save !== undefined) {
    await expectSavable(sources, save, options);
  }
}

/** What was found has to be told apart by source in the formats that do not name it. */
async function expectTraceable(sources: readonly string[], format: FormatName): Promise<void> {
  if (sources.length < 2 || format === 'ndjson' || format === 'csv') {
    return;
  }
  const ways = 'give each a run, or use `--format ndjson` or `csv`, which name them';
  if (format === 'mot') {
    throw new RangeError(
      `\`--format mot\` has frames and tracks of one source, not of ${sources.length}; ${ways} (pictures: name their folder)`,
    );
  }
  for (const source of sources) {
    if ((await kindOfSource(pathOf(source))) === 'video') {
      throw new RangeError(
        `\`--format coco\` has frames of one video or of pictures, not of ${sources.length} sources of which ` +
          `${sourceName(source)} is no picture; ${ways}`,
      );
    }
  }
}

async function expectSavable(
  sources: readonly string[],
  save: string,
  { attention, out }: DetectArguments,
): Promise<void> {
  const option = `\`--save ${save}\``;
  if (extname(save).toLowerCase() !== '.mp4') {
    throw new RangeError(`${option} makes an MP4 file; choose a name that ends with .mp4`);
  }
  if (attention !== undefined) {
    throw new TypeError(
      '`--save` and `--attention` read the video each in its way; give each a run',
    );
  }
  if (sources.length > 1) {
    throw new RangeError(
      `${option} makes one video of one, not of ${sources.length}; give each a run`,
    );
  }
  const [source = ''] = sources;
  if ((await kindOfSource(pathOf(source))) !== 'video') {
    throw new RangeError(`${option} draws over a video, and ${source} is none; leave it out`);
  }
  if (out !== '-' && isSame(out, save)) {
    throw new RangeError(`\`--out\` and \`--save\` are both ${save}; choose two files`);
  }
  expectApart(sources, 'save', save);
  if (statsOf(save)?.isDirectory() === true) {
    throw new RangeError(`${option} is a folder; name a file in it`);
  }
}

function expectApart(sources: readonly string[], option: string, file: string): void {
  const same = sources.find((source) => file !== '-' && isSame(source, file));
  if (same !== undefined) {
    throw new RangeError(
      `\`--${option} ${file}\` would overwrite the source ${same}; choose another file`,
    );
  }
}

/** Whether two names stand for one file, which may be there or not. */
function isSame(one: string, other: string): boolean {
  const [a, b] = [one, other].map((name) =>
    /^file:\/\//i.test(name) ? fileURLToPath(name) : resolve(name),
  ) as [string, string];
  const [statsA, statsB] = [a, b].map(statsOf);
  return (
    a === b || (statsA !== undefined && statsA.ino === statsB?.ino && statsA.dev === statsB.dev)
  );
}

/** @returns nothing where there is no such file, or its name is none: who opens it says so */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
