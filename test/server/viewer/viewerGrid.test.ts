import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { DEMO_CLIP } from '../../../pipeline/run/openSource.ts';
import type { ClientMessage, FrameMessage } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import type { Program } from '../../support/program.ts';
import { until } from '../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import {
  READ_SCREEN,
  barriersOf,
  openBrowser,
  serveViewer,
  untilTrue,
  watchProblems,
} from '../../support/sockets/viewerPage.ts';
import type { Drawn } from '../../support/sockets/viewerPage.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const SOURCES = ['door', 'yard'] as const;
const TOKEN = '0123456789abcdef';
/** The lower half of the picture. */
const CONFIG = {
  sources: SOURCES.map((name) => ({ name, source: DEMO_CLIP, loop: true, stride: 3 })),
  zones: { lower: { source: 'd*', points: [[0, 0.5], [1, 0.5], [1, 1], [0, 1]] } }, // prettier-ignore
};

const VIEW = `document.documentElement.dataset.view`;
const TILES = `window.pix2seqViewer.tiles`;
const LARGE = `window.pix2seqViewer.lastDrawn`;
const FOCUSED = `document.activeElement.closest('li')?.dataset.source`;

type Tile = Omit<Drawn, 'canvas' | 'numColours'>;

suite('viewer with several cameras', (test) => {
  test.needs('chromium');
  const folder = mkdtempSync(join(tmpdir(), 'viewer-grid-'));
  /** What the page got and sent on `/v1`, in order. */
  const received: FrameMessage[] = [];
  const sent: ClientMessage[] = [];
  /** Sockets for pictures that the page has open, and of which source they are. */
  const pictures = new Map<object, string>();
  let program: Program;
  let browser: Browser;
  let page: Page;
  let problems: readonly string[];

  test.before(async () => {
    const config = join(folder, 'serve.yaml');
    writeFileSync(config, JSON.stringify(CONFIG)); // JSON is YAML
    const served = await serveViewer('--config', config);
    program = served.program;
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    problems = watchProblems(page);
    page.on('websocket', (socket) => {
      const source = new URL(socket.url()).searchParams.get('source');
      if (source !== null) {
        pictures.set(socket, source);
        socket.on('close', () => pictures.delete(socket));
        return;
      }
      socket.on('framesent', ({ payload }) => sent.push(JSON.parse(String(payload))));
      socket.on('framereceived', ({ payload }) => {
        const message = JSON.parse(String(payload)) as { type: string };
        if (message.type === 'frame') {
          received.push(message as FrameMessage);
        }
      });
    });
    await page.goto(served.url);
    await untilTrue(page, `${TILES}.door?.boxes.length > 0 && ${TILES}.yard?.boxes.length > 0`);
  });
  test.after(async () => {
    await browser.close();
    await program[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  async function enlarge(name: string): Promise<void> {
    await page.keyboard.press(String(1 + SOURCES.findIndex((source) => source === name)));
    await untilTrue(page, `${LARGE}?.source === '${name}' && ${LARGE}.boxes.length > 0`);
  }

  async function back(): Promise<void> {
    await page.keyboard.press('Escape');
    await untilTrue(page, `${VIEW} === 'grid'`);
  }

  test(
    'draws on each tile what the page received of that source',
    async () => {
      const tiles = await page.evaluate<Record<string, Tile>>(TILES);
      const sizes = await page.evaluate<Record<string, { width: number }>>(
        `Object.fromEntries([...document.querySelectorAll('#tiles li')].map((item) =>
          [item.dataset.source, { width: item.querySelector('canvas').clientWidth }]))`,
      );

      assert.equal(Object.keys(tiles).sort(), [...SOURCES]);
      for (const [name, tile] of Object.entries(tiles)) {
        const message = received.findLast(
          ({ source, frame }) => source === name && frame === tile.frame,
        );
        assert.ok(message, `frame ${tile.frame} of ${name} was received`);
        const scale = (sizes[name]?.width ?? 0) / message.width;
        assert.close(
          tile.boxes.map(({ x }) => x),
          message.detections.map(({ box }) => box.xmin * scale),
          { abs: 1 },
        );
      }
      assert.equal([tiles['door']?.zones, tiles['yard']?.zones], [['lower'], []]);
    },
    LIMIT,
  );

  test(
    'moves among the tiles by arrow keys, enlarges by Enter and goes back by Escape',
    async () => {
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      assert.is(await page.evaluate(FOCUSED), 'yard');

      await page.keyboard.press('Enter');
      await untilTrue(page, `${LARGE}?.source === 'yard'`);
      assert.is(await page.evaluate(VIEW), 'large');
      await page.keyboard.press('ArrowRight');
      await untilTrue(page, `${LARGE}?.source === 'door'`);
      await back();

      assert.is(await page.evaluate(FOCUSED), 'door');
    },
    LIMIT,
  );

  test(
    'asks for nothing that is not in sight',
    async () => {
      await enlarge('door');
      // the tile's own socket may still be closing
      await until(() => [...pictures.values()].join() === 'door');
      const last = sent.at(-1);
      await back();
      await untilTrue(page, `${TILES}.yard !== undefined`);

      assert.equal(last, {
        ...{ type: 'subscribe', id: 'viewer', sources: ['door'], policy: 'latest' },
      });
    },
    LIMIT,
  );

  test(
    'keeps to a zone, to a class, and draws zones and boxes only while they are wanted',
    async () => {
      await enlarge('door');
      await page.locator('#pause').click();
      const whole = await page.evaluate<Drawn>(READ_SCREEN);
      await page.locator('#zone').selectOption('lower');
      const inZone = await page.evaluate<Drawn>(READ_SCREEN);
      await page.locator('#zone').selectOption('');
      await page.locator('#classes-none').click();
      const noClass = await page.evaluate<Drawn>(READ_SCREEN);
      await page.locator('#classes-all').click();
      await page.keyboard.press('z');
      await page.keyboard.press('b');
      const bare = await page.evaluate<Drawn>(READ_SCREEN);
      await page.keyboard.press('z');
      await page.keyboard.press('b');
      await page.locator('#pause').click();
      await back();

      const half = whole.canvas.height / 2;
      assert.equal(
        inZone.boxes,
        whole.boxes.filter(({ y, height }) => y + height > half),
      );
      assert.ok(inZone.boxes.length < whole.boxes.length, 'some stand above');
      assert.equal([whole.zones, bare.zones], [['lower'], []]);
      assert.equal([noClass.boxes, bare.boxes], [[], []]);
      assert.is(bare.frame, whole.frame);
      assert.is.not(bare.numColours, whole.numColours, 'the pixels differ');
    },
    LIMIT,
  );

  test(
    'counts over time what it received',
    async () => {
      await enlarge('yard');
      const counted = await page.evaluate<{ label: string; total: number }[]>(
        `window.pix2seqViewer.timeline()`,
      );
      const before = received.filter(({ source }) => source === 'yard');

      const possible = before.map((_, n) => totals(before.slice(0, n + 1)));
      const read = asText(counted.map(({ label, total }) => [label, total]));
      assert.ok(possible.includes(read), `${read} is the sum of the messages up to some frame`);
      assert.ok(counted.length > 0);
      assert.match((await page.locator('#timeline-legend').textContent()) ?? '', /person \d/);
      await back();
    },
    LIMIT,
  );

  test(
    'fits a telephone, and is light or dark as the system or the button says',
    async () => {
      const ground = `getComputedStyle(document.body).backgroundColor`;
      const overflow = `document.documentElement.scrollWidth - innerWidth`;
      await page.setViewportSize({ width: 360, height: 740 });
      const widths = [await page.evaluate<number>(overflow)];
      await enlarge('door');
      widths.push(await page.evaluate<number>(overflow));
      await back();
      await page.setViewportSize({ width: 1280, height: 900 });

      await page.emulateMedia({ colorScheme: 'dark' });
      const dark = await page.evaluate(ground);
      await page.locator('#theme').click();
      const chosenLight = await page.evaluate(ground);
      await page.locator('#theme').click();
      await page.emulateMedia({ colorScheme: 'light' });
      const chosenDark = await page.evaluate(ground);
      await page.locator('#theme').click();

      assert.equal(widths, [0, 0]);
      assert.equal([dark, chosenDark], ['rgb(15, 18, 21)', 'rgb(15, 18, 21)']);
      assert.equal([chosenLight, await page.evaluate(ground)], Array(2).fill('rgb(243, 244, 246)'));
    },
    LIMIT,
  );

  test(
    'puts no barrier up, light or dark, side by side, enlarged or explaining',
    async () => {
      const barriers: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        barriers.push(...(await barriersOf(page)));
        await enlarge('door');
        barriers.push(...(await barriersOf(page)));
        await page.keyboard.press('?');
        barriers.push(...(await barriersOf(page)));
        await page.keyboard.press('Escape');
        await back();
      }

      assert.equal(barriers, []);
    },
    LIMIT,
  );

  test(
    'explains its keys, and has written no error on the console',
    async () => {
      await page.keyboard.press('?');
      assert.ok(await page.locator('#help-dialog').isVisible());
      await page.keyboard.press('Escape');
      assert.not.ok(await page.locator('#help-dialog').isVisible());

      assert.equal(problems, []);
    },
    LIMIT,
  );

  test(
    'asks for a token, again after a wrong one, takes one from the address, and says when it is alone',
    async () => {
      const { program: guarded, url } = await serveViewer('--token', TOKEN);
      await using _ = guarded;
      const form = page.locator('#token-dialog');
      await page.goto(url);
      await form.waitFor();
      assert.equal(await barriersOf(page), []);
      await page.locator('#token').fill('wrong-but-long-enough');
      await page.keyboard.press('Enter');
      await untilTrue(page, `document.getElementById('token-fault').textContent !== ''`);
      await page.locator('#token').fill(TOKEN);
      await page.keyboard.press('Enter');
      await untilTrue(page, `Number(document.documentElement.dataset.frames) > 0`);
      assert.not.ok(await form.isVisible());

      const other = await browser.newPage();
      await other.goto(`${url}#token=${TOKEN}`);
      await untilTrue(other, `Number(document.documentElement.dataset.frames) > 0`);
      assert.is(other.url(), url);

      guarded.signal('SIGINT');
      await untilTrue(other, `document.documentElement.dataset.connection === 'offline'`);
      assert.match((await other.locator('#notice').textContent()) ?? '', /^No connection to /);
      assert.match((await other.locator('#connection').textContent()) ?? '', /next attempt in/);
    },
    LIMIT,
  );
});

/** Objects by label, as text that can be compared. */
function totals(messages: readonly FrameMessage[]): string {
  const counts = new Map<string, number>();
  for (const { label } of messages.flatMap(({ detections }) => detections)) {
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return asText([...counts]);
}

function asText(counts: readonly (readonly [label: string, total: number])[]): string {
  return JSON.stringify(counts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
