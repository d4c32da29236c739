import { execFileSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { unfinished } from '../../../pipeline/sinks/unfinished.ts';
import * as assert from '../../support/assert.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { suite } from '../../support/suite.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const LOADER = join(ROOT, 'test/support/typescript.mjs');
/** Makes a file and a folder that are not finished, and ends without a word. */
const PROGRAM = `
  import { mkdirSync, writeFileSync } from 'node:fs';
  import { temporary, unfinished } from '${join(ROOT, 'pipeline/sinks/unfinished.ts')}';
  const [folder] = process.argv.slice(1);
  writeFileSync(unfinished(folder + '/video.mp4').path, 'half of it');
  mkdirSync(temporary(folder + '/clips').path + '/below', { recursive: true });
  process.exit();
`;

suite('unfinished', (test) => {
  test('is a short name beside the target, another one each time', () => {
    const target = `${'a/'.repeat(3)}${'n'.repeat(255)}`;
    const [one, other] = [unfinished(target), unfinished(target)];

    assert.is(dirname(one.path), join(process.cwd(), 'a/a/a'));
    assert.ok(basename(one.path).length < 30);
    assert.is.not(one.path, other.path);
    [one, other].forEach(({ discard }) => discard());
  });

  test('leaves nothing, however the program ends', async () => {
    await using folder = await temporaryFolder();

    const script = ['--input-type=module', '--eval', PROGRAM, folder.path];
    execFileSync(process.execPath, ['--import', LOADER, ...script]);

    assert.equal(await readdir(folder.path), []);
  });
});
