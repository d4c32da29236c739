import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expandSources } from '../../../../pipeline/cli/detect/expandSources.ts';
import { clip } from '../../../support/media/clips.ts';
import * as assert from '../../../support/assert.ts';
import { linesOf, runProgram } from '../../../support/program.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import type { TemporaryFolder } from '../../../support/temporaryFolder.ts';

async function mixedFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const picture = new URL('../../../fixtures/pictures/campus.png', import.meta.url);
  copyFileSync(picture, join(folder.path, '2.png'));
  copyFileSync(clip('index-at-end.mp4'), join(folder.path, '10.mp4'));
  copyFileSync(clip('index-at-end.mp4'), join(folder.path, '9.mp4'));
  writeFileSync(join(folder.path, 'notes.txt'), '');
  mkdirSync(join(folder.path, 'below'));
  return folder;
}

suite('expandSources', (test) => {
  test('makes a source of each video, behind the pictures, and tells what it leaves out', async () => {
    await using folder = await mixedFolder();
    const at = (name: string): string => join(folder.path, name);
    const told: string[] = [];
    const given = ['a.mp4', folder.path, at('*.mp4'), 'http://a.example/*.mp4', at('*.avi'), '-'];

    const sources = await expandSources(given, (line) => told.push(line));

    assert.equal(sources, [
      ...['a.mp4', folder.path, at('9.mp4'), at('10.mp4'), at('9.mp4'), at('10.mp4')],
      ...['http://a.example/*.mp4', at('*.avi'), '-'],
    ]);
    assert.equal(told, [`\`${folder.path}\`: left out files of other kinds (1), folders (1)`]);
  });

  test(
    '`detect` reads pictures and videos of a folder, and says what it leaves out',
    async () => {
      await using folder = await mixedFolder();

      const { code, stdout, stderr } = await runProgram([
        ...['detect', folder.path, '--max-frames', '2', '--quiet'],
      ]);

      assert.is(code, 0, stderr);
      const results = linesOf(stdout).map((line) => JSON.parse(line) as { source: string });
      assert.equal(
        results.map(({ source }) => source.replace(/^pix2seq-.*/, 'folder')),
        ['folder', '9.mp4', '9.mp4', '10.mp4', '10.mp4'],
      );
      assert.match(stderr, /^pix2seq-stream: `.*`: left out files of other kinds \(1\), folders/);
    },
    { timeoutMs: END_TO_END_MS },
  );
});
