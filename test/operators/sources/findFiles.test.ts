import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { findFiles } from '../../../operators/sources/findFiles.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import type { TemporaryFolder } from '../../support/temporaryFolder.ts';

/** A folder with a bit of everything. */
async function mixedFolder(): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  mkdirSync(at('below/deep'), { recursive: true });
  const names =
    '10.png 2.JPG b.mp4 a.MOV notes.txt data.json .hidden.png below/3.png below/deep/c.ts';
  names.split(' ').forEach((name) => writeFileSync(at(name), ''));
  if (process.platform !== 'win32') {
    symlinkSync('nowhere.png', at('gone.png'));
    symlinkSync('circle.mp4', at('circle.mp4'));
    symlinkSync('..', at('below/up'));
    symlinkSync(folder.path, at('below/top'));
    symlinkSync('10.png', at('link.png'));
  }
  return folder;
}

suite('findFiles', (test) => {
  const isLinked = process.platform !== 'win32';

  test('lists pictures and videos of a folder, 2 before 10, and counts what it leaves out', async () => {
    await using folder = await mixedFolder();

    const { pictures, videos, leftOut } = await findFiles(folder.path);

    assert.equal(
      pictures.map((path) => basename(path)),
      ['2.JPG', '10.png', ...(isLinked ? ['link.png'] : [])],
    );
    assert.equal(
      videos.map((path) => basename(path)),
      ['a.MOV', 'b.mp4'],
    );
    assert.equal(leftOut, {
      'files of other kinds': 2,
      folders: 1,
      ...(isLinked ? { 'broken links': 2 } : {}),
    });
  });

  test('walks a glob once, whatever its links lead to', async () => {
    await using folder = await mixedFolder();

    const { pictures, videos, leftOut } = await findFiles(join(folder.path, '**/*.{png,ts}'));

    const names = [...pictures, ...videos].map((path) => relative(folder.path, path));
    assert.equal(
      names.sort(),
      [join('below', '3.png'), '10.png', join('below', 'deep', 'c.ts')]
        .concat(isLinked ? ['link.png'] : [])
        .sort(),
    );
    assert.equal(leftOut, isLinked ? { 'broken links': 2, 'links to a folder above': 2 } : {});
  });

  test('ends at its limit, and says so', async () => {
    await using folder = await mixedFolder();

    await assert.rejects(() => findFiles(join(folder.path, '**/*.png'), 5), {
      code: 'ERR_VIDEO_OPEN',
      message: /stands for more than 5 files and folders to look at; name a smaller part$/,
    });
  });

  test('says that there is nothing, that a file is missing, or which pattern matches none', async () => {
    await using folder = await temporaryFolder();
    const says = (name: string, message: RegExp): Promise<Error> =>
      assert.rejects(() => findFiles(join(folder.path, name)), { code: 'ERR_VIDEO_OPEN', message });

    await says('', /^Folder `.*` holds no pictures or videos \(jpg, .*, mp4, .*\)$/);
    await says('*.mp4', /^`.*\*\.mp4` matches no pictures or videos/);
    await says(
      'x (1).mp4',
      /^There is no file `.*x \(1\)\.mp4`, and as a pattern it matches none$/,
    );
    await says('a[1].jpg', /^There is no file `.*a\[1\]\.jpg`/);
  });
});
