/** The page on a telephone, with more cameras than fit side by side; then its keys and filters. */
import type { Browser, Page } from 'playwright-core';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';
import * as assert from '../../support/assert.ts';
import type { Program } from '../../support/program.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { openBrowser, serveViewer, untilTrue } from '../../support/sockets/viewerPage.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const WIDTH = 375;
/** One that plays, and six whose files are not there, which is said under the picture, path and all. */
const SOURCES = [
  `playing=${DEMO_CLIP}`,
  ...Array.from(
    { length: 6 },
    (_, i) => `camera-of-hall-${i}=/no/${'such-folder-'.repeat(6)}/${i}.mp4`,
  ),
];
const LARGE = `window.pix2seqViewer.lastDrawn`;
const IS_PAUSED = `document.getElementById('pause').ariaPressed === 'true'`;

suite('viewer on a telephone', (test) => {
  test.needs('chromium');
  let program: Program;
  let browser: Browser;
  let page: Page;

  test.before(async () => {
    const args = SOURCES.flatMap((source) => ['--source', source]);
    const served = await serveViewer(...args, '--loop');
    program = served.program;
    browser = await openBrowser();
    const viewport = { width: WIDTH, height: 760 };
    page = await browser.newPage({ viewport, isMobile: true, hasTouch: true });
    await page.goto(served.url);
    await untilTrue(page, `Object.keys(window.pix2seqViewer.tiles).length > 0`);
  });
  test.after(async () => {
    await browser.close();
    await program[Symbol.asyncDispose]();
  });

  test(
    'scrolls to no side, in the grid and in the large view',
    async () => {
      const widths = [await page.evaluate(`document.documentElement.scrollWidth`)];
      for (const key of ['7', '1']) {
        await page.keyboard.press(key);
        await untilTrue(page, `!document.getElementById('sources').hidden`);
        widths.push(await page.evaluate(`document.documentElement.scrollWidth`));
      }

      assert.equal(widths, [WIDTH, WIDTH, WIDTH]);
    },
    LIMIT,
  );

  for (const [how, open, close] of [
    ['by hand', (): Promise<void> => page.locator('#help').click(), 'button'],
    ['by hand, and Escape', (): Promise<void> => page.locator('#help').click(), 'Escape'],
    ['by its key', (): Promise<void> => page.keyboard.press('?'), 'Escape'],
  ] as const) {
    test(
      `pauses at the space key after Help was opened ${how}, and goes on at the next`,
      async () => {
        await open();
        await (close === 'button'
          ? page.locator('#help-dialog button').click()
          : page.keyboard.press(close));
        await untilTrue(page, `!document.getElementById('help-dialog').open`); // keys are the dialog's until then

        await page.keyboard.press('Space');
        await untilTrue(page, IS_PAUSED);
        await page.keyboard.press('Space');
        await untilTrue(page, `!(${IS_PAUSED})`);
      },
      LIMIT,
    );
  }

  test(
    'draws no trail of what the filters leave out, and draws it again without them',
    async () => {
      await untilTrue(page, `${LARGE}?.trails.length > 0 && ${LARGE}.boxes.length > 0`);
      await page.keyboard.press('Space'); // the frame stands still
      await untilTrue(page, IS_PAUSED);
      const trails = (): Promise<number[]> => page.evaluate(`${LARGE}.trails`);
      const before = await trails();
      await page.locator('#minimum-score').fill('1');
      const none = await trails();
      await page.locator('#minimum-score').fill('0');

      assert.ok(before.length > 0);
      assert.equal([none, await trails()], [[], before]);
    },
    LIMIT,
  );
});
