import type { Browser, Page } from 'playwright-core';
import type { SourceAttention } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import type { Program } from '../../support/program.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import {
  READ_SCREEN,
  openBrowser,
  serveViewer,
  untilTrue,
  watchProblems,
} from '../../support/sockets/viewerPage.ts';
import type { Drawn } from '../../support/sockets/viewerPage.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const NUM_DRAWN = `Number(document.documentElement.dataset.frames)`;
const CAPTION = `document.getElementById('attention-caption').textContent`;
const SHOWN = `window.pix2seqViewer.attention()`;

interface Shown {
  readonly frame: number;
  readonly object: number;
  readonly boxes: Drawn['boxes'];
}

/** A point of the picture, as shares of its width and height. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** Middle of the pixels with the most colour; the picture beneath the heat has none. */
const HOTTEST = `(() => {
  const canvas = document.getElementById('attention-screen');
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  let most = 0;
  let hottest = [];
  for (let i = 0; i < width * height; i++) {
    const colour = data[4 * i] - data[4 * i + 2];
    if (colour >= most) {
      hottest = colour > most ? [i] : [...hottest, i];
      most = colour;
    }
  }
  const i = hottest[Math.floor(hottest.length / 2)];
  return { colour: most, x: ((i % width) + 0.5) / width, y: (Math.floor(i / width) + 0.5) / height };
})()`;

suite('viewer, attention', (test) => {
  test.needs('chromium');
  let program: Program;
  let browser: Browser;
  let page: Page;
  let problems: readonly string[];
  const answers: SourceAttention[] = [];

  test.before(async () => {
    const served = await serveViewer();
    program = served.program;
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    problems = watchProblems(page);
    page.on('response', async (response) => {
      if (response.url().endsWith('/attention') && response.ok()) {
        answers.push((await response.json()) as SourceAttention);
      }
    });
    await page.goto(served.url);
    await untilTrue(page, `${NUM_DRAWN} >= 3 && window.pix2seqViewer.lastDrawn.boxes.length > 2`);
  });
  test.after(async () => {
    await browser.close();
    await program[Symbol.asyncDispose]();
  });

  /**
   * Asks until something is shown: on a busy machine the server may have no frame in time, and says so, or one in
   * which the object has gone; the clip begins anew.
   */
  async function shownAfter(ask: () => Promise<void>): Promise<Shown> {
    for (;;) {
      await ask();
      await untilTrue(page, `${SHOWN} !== undefined || /^(?!Asking).+/.test(${CAPTION})`);
      const shown = await page.evaluate<Shown | undefined>(SHOWN);
      if (shown?.object !== undefined) {
        return shown;
      }
      await page.keyboard.press('Escape');
    }
  }

  /** Asserts that what is hottest on the screen is what the server's answer says of the shown object. */
  async function assertHeat(shown: Shown): Promise<void> {
    const answer = answers.find(({ frame }) => frame === shown.frame);
    const object = answer?.objects[shown.object];
    assert.ok(answer && object, `the answer has the object ${shown.object}`);
    const { columns, cellWidth, cellHeight, heat } = object;
    const at = Buffer.from(heat, 'base64').indexOf(255);
    const found = await page.evaluate<Point & { colour: number }>(HOTTEST);
    assert.ok(found.colour > 100, `heat is drawn: ${found.colour}`);
    const miss = {
      x: (found.x * answer.width) / cellWidth - ((at % columns) + 0.5),
      y: (found.y * answer.height) / cellHeight - (Math.floor(at / columns) + 0.5),
    };
    const isNear = Math.abs(miss.x) <= 1 && Math.abs(miss.y) <= 1;
    assert.ok(isNear, `off by ${JSON.stringify(miss)} cells`);
  }

  test(
    'shows where the model looked for the object that is clicked, and for the next',
    async () => {
      await page.locator('#pause').click(); // what is clicked stays where it was seen
      const drawn = await page.evaluate<Drawn>(READ_SCREEN);
      const [clicked] = drawn.boxes.toSorted((a, b) => b.height - a.height);
      assert.ok(clicked);
      const { x, y, width, height } = clicked;
      const position = { x: x + width / 2, y: y + height / 2 };
      const shown = await shownAfter(() => page.locator('#screen').click({ position }));
      await page.locator('#pause').click();

      assert.is(shown.boxes[shown.object]?.label, clicked.label);
      await assertHeat(shown);
      await page.keyboard.press('a');
      const next = await page.evaluate<Shown>(SHOWN);
      assert.is(next.frame, shown.frame);
      assert.is(next.object, (shown.object + 1) % shown.boxes.length);
      await assertHeat(next);
      assert.is(answers.filter((answer) => answer.frame === shown.frame).length, 1);
    },
    LIMIT,
  );

  test(
    'stands still meanwhile, and gives the live picture back at Escape or at a click beside',
    async () => {
      const { frame } = await page.evaluate<Shown>(SHOWN);
      const numDrawn = Number(await page.evaluate(NUM_DRAWN));
      await untilTrue(page, `${NUM_DRAWN} > ${numDrawn} + 1`);
      const after = await page.evaluate<Shown>(SHOWN);
      await page.keyboard.press('Escape');
      const left = await page.evaluate(`${SHOWN} === undefined`);
      const again = await shownAfter(() => page.keyboard.press('a'));
      await page.locator('#attention-screen').click({ position: { x: 2, y: 2 } });

      assert.is(after.frame, frame);
      assert.is(left, true);
      assert.ok(again.frame > frame, 'the next frame was asked for');
      assert.is(await page.evaluate(`${SHOWN} === undefined`), true);
      assert.is(await page.locator('#attention-screen').isVisible(), false);
      assert.equal(problems, []);
    },
    LIMIT,
  );
});
