import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { FrameMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import type { Program } from '../../support/program.ts';
import { TestClient } from '../../support/sockets/sockets.ts';
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
/** Frames the page has to draw before it is looked at. */
const NUM_DRAWN = 5;
/** A score that some of the clip's detections have, and others do not. */
const HIGH_SCORE = 0.6;

const NUM_FRAMES_DRAWN = `Number(document.documentElement.dataset.frames)`;

suite('viewer', (test) => {
  test.needs('chromium');
  const folder = mkdtempSync(join(tmpdir(), 'viewer-'));
  let problems: readonly string[];
  let program: Program;
  let browser: Browser;
  let page: Page;
  let client: TestClient;

  test.before(async () => {
    const { url, ...served } = await serveViewer();
    program = served.program;
    client = new TestClient(`${url.replace('http', 'ws')}v1`);
    await client.next('hello');
    await client.subscribe({ policy: 'all' });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    problems = watchProblems(page);
    await page.goto(url);
    await untilTrue(page, `${NUM_FRAMES_DRAWN} >= ${NUM_DRAWN}`);
  });
  test.after(async () => {
    await browser.close();
    await client[Symbol.asyncDispose]();
    await program[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  /** The message of a frame, as an independent client got it. */
  async function messageOf(frame: number): Promise<FrameMessage> {
    for (;;) {
      const found = client.messages.find(
        (message) => message.type === 'frame' && message.frame === frame,
      );
      if (found !== undefined) {
        return found as FrameMessage;
      }
      await client.next('frame');
    }
  }

  /** Asserts that the boxes on the screen are those of the frame's message. */
  async function assertDrawn(drawn: Drawn, minScore: number): Promise<FrameMessage> {
    const message = await messageOf(drawn.frame);
    const scale = {
      x: drawn.canvas.width / message.width,
      y: drawn.canvas.height / message.height,
    };
    const shown = message.detections.filter(({ score }) => score >= minScore);
    assert.equal(
      drawn.boxes.map(({ label, trackId }) => [label, trackId]),
      shown.map(({ label, trackId }) => [label, trackId]),
    );
    assert.close(
      drawn.boxes.flatMap(({ x, y, width, height }) => [x, y, x + width, y + height]),
      shown.flatMap(({ box: { xmin, ymin, xmax, ymax } }) => [
        ...[xmin * scale.x, ymin * scale.y],
        ...[xmax * scale.x, ymax * scale.y],
      ]),
      { abs: 0.01 },
    );
    return message;
  }

  test(
    'is online and draws what an independent client receives',
    async () => {
      const drawn = await page.evaluate<Drawn>(READ_SCREEN);

      assert.is(await page.evaluate('document.documentElement.dataset.connection'), 'online');
      const { detections } = await assertDrawn(drawn, 0);
      assert.ok(detections.length > 0);
      assert.ok(drawn.canvas.width > 300, 'the picture has a size worth looking at');
      assert.ok(drawn.numColours > 1000, `a photograph is drawn: ${drawn.numColours} colours`);
    },
    LIMIT,
  );

  test(
    'shows the statistics as numbers',
    async () => {
      const fields = ['rate', 'latency', 'passes', 'objects', 'encode', 'token-time'];
      await untilTrue(page, `document.getElementById('rate').textContent !== '–'`);

      for (const id of fields) {
        const text = (await page.locator(`#${id}`).textContent()) ?? '';
        assert.ok(Number.isFinite(parseFloat(text)) && Number(text) > 0, `${id}: ${text}`);
      }
      // none, where the whole draft was kept
      assert.match((await page.locator('#decoded').textContent()) ?? '', /^\d/);
      const [position, stop] = await page.evaluate<[string, string]>(
        `['position', 'stop'].map((id) => document.getElementById(id).textContent)`,
      );
      const [, frame] = /^frame (\d+), .*768 × 576/.exec(position) ?? [];
      assert.ok(frame !== undefined, position);
      assert.is(stop, (await messageOf(Number(frame))).stop);
      assert.is(await page.locator('#zone-row').isVisible(), false, 'there are no zones');
      assert.is(await page.locator('#shapes').isVisible(), false, 'nor outlines or keypoints');
      assert.is(await page.locator('#sentence').isVisible(), false, 'nor captions');
    },
    LIMIT,
  );

  test(
    'hides what is below the minimum score',
    async () => {
      await page.locator('#minimum-score').fill(String(HIGH_SCORE));
      const filtered = await page.evaluate<Drawn>(READ_SCREEN);
      await page.locator('#minimum-score').fill('0');
      const whole = await page.evaluate<Drawn>(READ_SCREEN);

      const { detections } = await assertDrawn(filtered, HIGH_SCORE);
      assert.ok(filtered.boxes.length > 0, 'something is left');
      assert.ok(filtered.boxes.length < detections.length, 'something is hidden');
      await assertDrawn(whole, 0);
    },
    LIMIT,
  );

  test(
    'goes on after a pause, without an error on the console',
    async () => {
      await page.locator('#pause').click();
      await page.locator('#pause').click();
      const numDrawn = Number(await page.evaluate(NUM_FRAMES_DRAWN));
      await untilTrue(page, `${NUM_FRAMES_DRAWN} > ${numDrawn}`);
      const file = join(folder, 'viewer.png');

      await page.screenshot({ path: file });

      assert.ok(statSync(file).size > 50_000, 'the page is not blank');
      assert.equal(problems, []);
    },
    LIMIT,
  );
});
