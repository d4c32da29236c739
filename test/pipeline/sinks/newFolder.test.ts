import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createFolder } from '../../../pipeline/sinks/newFolder.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

suite('createFolder', (test) => {
  test('shows the folder when it is whole, and gives back what was made of it', async () => {
    await using parent = await temporaryFolder();
    for (const name of ['model', 'model with a slash/', 'deep/down/model']) {
      const target = join(parent.path, name);

      const made = await createFolder(target, async (folder) => {
        await writeFile(join(folder, 'encoder.onnx'), name);
        return (await readdir(parent.path)).includes(name);
      });

      assert.is(made, false);
      assert.is(await readFile(join(target, 'encoder.onnx'), 'utf8'), name);
    }
    assert.equal((await readdir(parent.path)).toSorted(), ['deep', 'model', 'model with a slash']);
  });

  test('takes every name that the system takes, and no other, which it says at once', async () => {
    await using parent = await temporaryFolder();
    const longest = 'n'.repeat(255);
    let numFilled = 0;
    const fill = async (): Promise<void> => void (numFilled += await Promise.resolve(1));

    await createFolder(join(parent.path, longest), fill);
    await assert.rejects(createFolder(join(parent.path, `${longest}n`), fill), {
      code: 'ERR_OUTPUT',
      message: /ENAMETOOLONG/,
    });

    assert.is(numFilled, 1);
    assert.equal(await readdir(parent.path), [longest]);
  });

  test('leaves nothing where filling fails', async () => {
    await using parent = await temporaryFolder();
    const work = createFolder(join(parent.path, 'model'), async (folder) => {
      await writeFile(join(folder, 'encoder.onnx'), 'half of it');
      throw new Error('no more tensors');
    });

    await assert.rejects(work, { message: /^no more tensors$/ });
    assert.equal(await readdir(parent.path), []);
  });

  test('leaves alone what has the name', async () => {
    await using parent = await temporaryFolder();
    const target = join(parent.path, 'model');
    await mkdir(target);
    let hasBegun = false;
    const fill = async (): Promise<void> => {
      hasBegun = true;
      await Promise.resolve();
    };

    await assert.rejects(createFolder(target, fill), {
      name: 'RangeError',
      message: /model` is there already; remove it or choose another name/,
    });
    assert.is(hasBegun, false);
    assert.equal(await readdir(parent.path), ['model']);
  });

  test('leaves alone what took the name meanwhile', async () => {
    await using parent = await temporaryFolder();
    const target = join(parent.path, 'model');
    const work = createFolder(target, async () => {
      await mkdir(target);
      await writeFile(join(target, 'mine'), '');
    });

    await assert.rejects(work, { name: 'RangeError', message: /is there already; remove it or/ });
    assert.equal(await readdir(parent.path), ['model']);
    assert.equal(await readdir(target), ['mine']);
  });

  test('keeps apart what two fill at once', async () => {
    await using parent = await temporaryFolder();
    const target = join(parent.path, 'model');
    const fillWith = (name: string): Promise<void> =>
      createFolder(target, async (folder) => writeFile(join(folder, name), ''));

    const outcomes = await Promise.allSettled([fillWith('a'), fillWith('b')]);

    assert.equal(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    assert.is((await readdir(target)).length, 1);
    assert.equal(await readdir(parent.path), ['model']);
  });

  test('says where it can’t be made', async () => {
    await using parent = await temporaryFolder();
    await writeFile(join(parent.path, 'letter'), '');
    let hasBegun = false;
    const fill = async (): Promise<void> => {
      hasBegun = true;
      await Promise.resolve();
    };

    await assert.rejects(createFolder(join(parent.path, 'letter/model'), fill), {
      code: 'ERR_OUTPUT',
      message: /Cannot make `.*model`: a part of the path .*ENOTDIR/,
    });
    assert.is(hasBegun, false);
  });
});
