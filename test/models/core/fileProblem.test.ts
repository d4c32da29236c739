import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileProblem } from '../../../models/core/fileProblem.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

suite('fileProblem', (test) => {
  test('has a sentence for what the file system says, without the path', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    writeFileSync(at('file'), '');
    mkdirSync(at('folder'));
    if (process.platform !== 'win32') {
      symlinkSync('loop', at('loop'));
    }
    const problemOf = (name: string): string => {
      try {
        readFileSync(at(name));
      } catch (thrown) {
        return fileProblem(thrown);
      }
      throw new Error('was read');
    };

    assert.is(problemOf('nothing'), 'there is no such file or folder (ENOENT)');
    assert.is(problemOf('folder'), 'it is a folder, not a file (EISDIR)');
    if (process.platform !== 'win32') {
      assert.match(problemOf('file/below'), /^a part of the path .* is a file.* \(ENOTDIR\)$/);
      assert.match(problemOf('loop'), /^its symbolic links .* in a circle \(ELOOP\)$/);
      assert.match(problemOf('x'.repeat(300)), /^its name is longer .* \(ENAMETOOLONG\)$/);
    }
  });

  const codes = 'EACCES EPERM EMFILE ENFILE ENOSPC EDQUOT EROFS EBUSY EFBIG EIO ENXIO'.split(' ');
  test('has a sentence of its own for each other reason', () => {
    const sentences = codes.map((code) => fileProblem(Object.assign(new Error('raw'), { code })));

    assert.is(new Set(sentences.map((text) => text.replace(/ \(.*/, ''))).size, codes.length);
    sentences.forEach((text, at) =>
      assert.match(text, new RegExp(`^[a-z].* \\(${codes[at]!}\\)$`)),
    );
  });

  test('leaves every other message as it is', () => {
    assert.is(fileProblem(new Error('no PNG')), 'no PNG');
    assert.is(fileProblem('odd'), 'odd');
  });
});
