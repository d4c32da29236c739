import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expectDetectable } from '../../../../pipeline/cli/detect/detectChecks.ts';
import { detectArguments } from '../../../../pipeline/cli/options/detectOptions.ts';
import type { DetectArguments } from '../../../../pipeline/cli/options/detectOptions.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

/** What is typed where nothing is. */
const DEFAULTS: DetectArguments = detectArguments({});

suite('expectDetectable', (test) => {
  const saying = (save: string, more: Partial<DetectArguments> = {}) => ({
    ...DEFAULTS,
    save,
    ...more,
  });

  test('takes a video and another file for what is saved, there or not', async () => {
    await using folder = await temporaryFolder();
    const [clip, there] = [join(folder.path, 'clip.mp4'), join(folder.path, 'there.MP4')];
    writeFileSync(clip, '');
    writeFileSync(there, '');

    await expectDetectable([clip], saying(join(folder.path, 'new.mp4')));
    await expectDetectable([clip], saying(there, { out: join(folder.path, 'out.ndjson') }));
    await expectDetectable(['-'], saying(there));
    await expectDetectable(['https://a.example/b.mp4'], saying(there));
    await expectDetectable([clip, clip], DEFAULTS);
  });

  test('refuses pictures of attention of frames that nobody looks at', async () => {
    const detect = { ...DEFAULTS.detect, motion: {} };

    await assert.rejects(
      () => expectDetectable(['a.mp4'], { ...DEFAULTS, attention: 'there', detect }),
      { name: 'TypeError', message: /`--attention` looks at each frame; leave `--motion`/ },
    );
  });

  test('refuses to overwrite the source, whatever it is called', async () => {
    await using folder = await temporaryFolder();
    const [clip, link] = [join(folder.path, 'clip.mp4'), join(folder.path, 'link.mp4')];
    writeFileSync(clip, '');
    const check = (source: string, options: DetectArguments) => () =>
      expectDetectable([source], options);

    await assert.rejects(check(clip, saying(clip)), {
      message: /`--save .*clip\.mp4` would overwrite the source/,
    });
    await assert.rejects(check(pathToFileURL(clip).href, saying(clip)), {
      message: /overwrite the source file:/,
    });
    await assert.rejects(check(clip, { ...DEFAULTS, out: clip }), {
      message: /`--out .*` would overwrite the source/,
    });
    if (process.platform !== 'win32') {
      symlinkSync(clip, link);
      await assert.rejects(check(link, saying(clip)), {
        message: /would overwrite the source .*link\.mp4/,
      });
    }
  });

  test('refuses what can be no video of one', async () => {
    await using folder = await temporaryFolder();
    const inFolder = join(folder.path, 'folder.mp4');
    mkdirSync(inFolder);
    const check = (sources: string[], options: DetectArguments) => () =>
      expectDetectable(sources, options);

    await assert.rejects(check(['a.mp4'], saying('b.avi')), {
      message: /makes an MP4 file; choose a name that ends/,
    });
    await assert.rejects(check(['a.mp4', 'b.mp4'], saying('c.mp4')), {
      message: /one video of one, not of 2; give/,
    });
    await assert.rejects(check([folder.path], saying('c.mp4')), {
      message: /draws over a video, and .* is none/,
    });
    await assert.rejects(check(['a*.png'], saying('c.mp4')), {
      message: /draws over a video, and a\*\.png is none/,
    });
    await assert.rejects(check(['a.mp4'], saying('c.mp4', { out: './c.mp4' })), {
      message: /choose two files/,
    });
    await assert.rejects(check(['a.mp4'], saying('c.mp4', { attention: 'd' })), {
      message: /give each a run/,
    });
    await assert.rejects(check(['a.mp4'], saying(inFolder)), {
      message: /is a folder; name a file in it/,
    });
  });
});
