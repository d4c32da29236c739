import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import type { ModelInfo } from '../../../models/index.ts';
import type { FrameMessage } from '../../../server/index.ts';
import { checkpointDir } from '../../models/import/reference.ts';
import { importSmall } from '../../models/import/imported.ts';
import type { Imported } from '../../models/import/imported.ts';
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
/** Lines of COCO's skeleton. */
const NUM_BONES = 19;
const SENTENCE = `document.getElementById('sentence').textContent`;

/** What the page has drawn beside boxes. */
interface DrawnShapes extends Drawn {
  readonly shapes: readonly {
    readonly label: string;
    readonly polygons: readonly (readonly number[])[];
    readonly points: readonly { readonly name: string; readonly x: number; readonly y: number }[];
    readonly bones: readonly (readonly [string, string])[];
  }[];
}

/** Different colours among the pixels around a point of the canvas, in CSS pixels. */
const coloursAt = (x: number, y: number): string => `(() => {
  const canvas = document.getElementById('screen');
  const scale = canvas.width / canvas.clientWidth;
  const at = [${x} * scale - 3, ${y} * scale - 3, 7, 7];
  const { data } = canvas.getContext('2d').getImageData(...at);
  return [...new Uint32Array(data.buffer)].join();
})()`;

suite('viewer, outlines, keypoints and captions', (test) => {
  test.needs('chromium');
  let model: Imported;
  let program: Program;
  let browser: Browser;
  let page: Page;
  let client: TestClient;
  let problems: readonly string[];

  test.before(async () => {
    const textVocabulary = join(checkpointDir('multi-task-small'), 'text.model');
    model = await importSmall('multi-task-small', { textVocabulary });
    await shorten(model.modelDir);
    const { url, ...served } = await serveViewer(
      ...['--model', model.modelDir, '--device', 'cpu', '--task', 'segment,pose,caption'],
      ...['--conf', '0', '--max-objects', '3'],
    );
    program = served.program;
    client = new TestClient(`${url.replace('http', 'ws')}v1`);
    await client.next('hello');
    await client.subscribe({ policy: 'all' });
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    problems = watchProblems(page);
    await page.goto(url);
    await untilTrue(page, `Number(document.documentElement.dataset.frames) >= 2`);
    await page.locator('#pause').click(); // what is looked at stays
  });
  test.after(async () => {
    await browser.close();
    await client[Symbol.asyncDispose]();
    await program[Symbol.asyncDispose]();
    await model[Symbol.asyncDispose]();
  });

  /** The message of a frame, as an independent client got it. */
  async function messageOf(frame: number): Promise<FrameMessage> {
    for (;;) {
      const found = client.messages.find((one) => one.type === 'frame' && one.frame === frame);
      if (found !== undefined) {
        return found as FrameMessage;
      }
      await client.next('frame');
    }
  }

  test(
    'draws what an independent client receives, and says the caption under it',
    async () => {
      const drawn = await page.evaluate<DrawnShapes>(READ_SCREEN);
      const message = await messageOf(drawn.frame);
      const scale = [drawn.canvas.width / message.width, drawn.canvas.height / message.height];
      const [x, y] = scale as [number, number];
      const sentence = page.locator('#sentence');

      assert.equal(
        drawn.shapes.map(({ label, bones }) => [label, bones.length]),
        message.detections.map(({ label }) => [label, NUM_BONES]),
      );
      assert.close(
        drawn.shapes.flatMap(({ polygons }) => polygons.flat()),
        message.detections.flatMap(({ polygons = [] }) =>
          polygons.flatMap((at) => at.map((value, i) => value * (i % 2 === 0 ? x : y))),
        ),
        { abs: 0.01 },
      );
      assert.close(
        drawn.shapes.flatMap(({ points }) => points.flatMap((point) => [point.x, point.y])),
        message.detections.flatMap(({ keypoints = [] }) =>
          keypoints.flatMap((point) => [point.x * x, point.y * y]),
        ),
        { abs: 0.01 },
      );
      assert.ok(drawn.shapes.some(({ polygons }) => polygons.length > 0));
      assert.ok((message.caption ?? '').trim().length > 0);
      assert.is(await page.evaluate(SENTENCE), message.caption);
      assert.is(await sentence.isVisible(), true);
      assert.is(await page.locator('#shapes').isVisible(), true);
      assert.is(await page.locator('#screen').getAttribute('aria-describedby'), 'sentence');
    },
    LIMIT,
  );

  test(
    'takes shapes away at the key, without the boxes, and brings them back',
    async () => {
      const before = await page.evaluate<DrawnShapes>(READ_SCREEN);
      const { x = 0, y = 0 } = before.shapes.flatMap(({ points }) => points).find(isInside) ?? {};
      const coloured = await page.evaluate<string>(coloursAt(x, y));
      await page.keyboard.press('s');
      const without = await page.evaluate<DrawnShapes>(READ_SCREEN);
      const plain = await page.evaluate<string>(coloursAt(x, y));
      await page.keyboard.press('s');
      const again = await page.evaluate<string>(coloursAt(x, y));

      assert.equal([without.shapes, without.boxes], [[], before.boxes]);
      assert.not.equal(plain, coloured);
      assert.is(again, coloured);
    },
    LIMIT,
  );

  test(
    'hides shapes with their object, and fits a telephone',
    async () => {
      await page.setViewportSize({ width: 390, height: 844 });
      const [first = ''] = (await page.evaluate<DrawnShapes>(READ_SCREEN)).boxes.map(
        ({ label }) => label,
      );
      await page.locator('#classes .chip', { hasText: first }).locator('input').uncheck();
      const drawn = await page.evaluate<DrawnShapes>(READ_SCREEN);
      const overflow = await page.evaluate(`document.documentElement.scrollWidth - innerWidth`);

      assert.ok(drawn.shapes.length < 3);
      assert.ok(drawn.shapes.every(({ label }) => label !== first));
      assert.is(overflow, 0);
      assert.equal(problems, []);
    },
    LIMIT,
  );
});

/** Away from the edges of the picture, where there is something around it. */
function isInside({ x, y }: { readonly x: number; readonly y: number }): boolean {
  return x > 20 && y > 20;
}

/** Random weights end nothing, so that all is of full length: makes it short, and gives every label keypoints. */
async function shorten(modelDir: string): Promise<void> {
  const file = join(modelDir, 'model.json');
  const described = JSON.parse(await readFile(file, 'utf8')) as ModelInfo;
  const { segment, pose, caption } = described.prompts;
  const prompts = {
    segment: { ...segment, maxPoints: 8 },
    pose: { ...pose, labels: described.labels.map(({ name }) => name) },
    caption: { ...caption, maxTokens: 16 },
  };
  await writeFile(file, JSON.stringify({ ...described, prompts }));
}
