import { Subject } from 'rxjs';
import type { Browser, Page } from 'playwright-core';
import type * as ServerDoor from '../../../server/index.ts';
import type { DetectionServer, FrameMessage, SourceEvent } from '../../../server/index.ts';
import { createSentence } from '../../../server/viewer/sentence.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { expectBuilt } from '../../support/program.ts';
import { until } from '../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { openBrowser, untilTrue, watchProblems } from '../../support/sockets/viewerPage.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
/** The server that has the page beside it. */
const BUILT = new URL('../../../dist/server/index.js', import.meta.url).href;

const SAID = { caption: 'A man carries a parcel.' };
const CUT_OFF = { final: false, stop: 'budget' } as const;
const SILENT = {};

suite('createSentence', (test) => {
  test('keeps a caption while frames are cut off before theirs, for a while', () => {
    const written: string[] = [];
    const sentence = createSentence((caption) => written.push(caption));
    const cases: [object, number, string | undefined][] = [
      [CUT_OFF, 0, ''],
      [SAID, 1000, SAID.caption],
      [CUT_OFF, 1040, undefined],
      [CUT_OFF, 6000, undefined],
      [CUT_OFF, 6001, ''],
      [SAID, 7000, SAID.caption],
      [SILENT, 7040, ''],
      [{ ...CUT_OFF, caption: 'A door.' }, 7080, 'A door.'],
    ];

    for (const [frame, nowMs, says] of cases) {
      sentence.show(frameDetections(frame) as unknown as FrameMessage, nowMs);

      assert.is(written.pop(), says, `${nowMs}`);
    }
    sentence.clear();
    assert.equal(written, ['']);
  });
});

suite('viewer, captions of frames that are cut off', (test) => {
  test.needs('chromium');
  const events$ = new Subject<SourceEvent>();
  let server: DetectionServer;
  let browser: Browser;
  let page: Page;
  let problems: readonly string[];
  let index = 0;

  test.before(async () => {
    expectBuilt();
    const { createDetectionServer } = (await import(BUILT)) as typeof ServerDoor;
    server = await createDetectionServer({ port: 0 });
    server.attach({ name: 'door', events$ });
    server.attach({ name: 'yard', events$: new Subject() });
    browser = await openBrowser();
    page = await browser.newPage();
    problems = watchProblems(page);
    await page.goto(server.url.replace(/^ws(.*)v1$/, 'http$1'));
    await until(() => server.demand('door').length > 0);
  });
  test.after(async () => {
    await browser.close();
    await server.close();
  });

  /** Has a frame shown. @param probe where the page tells what it has drawn */
  async function show(probe: string, overrides: object): Promise<void> {
    index += 1;
    events$.next(frameDetections({ frame: index, source: 'door', ...overrides }));
    await untilTrue(page, `${probe}?.frame === ${index}`);
  }

  test(
    'stay where the mouse rests on a tile, and under the large picture',
    async () => {
      const views = [
        ['window.pix2seqViewer.tiles.door', `document.querySelector('#tiles button').title`],
        ['window.pix2seqViewer.lastDrawn', `document.getElementById('sentence').textContent`],
      ] as const;
      for (const [probe, sentence] of views) {
        const told: unknown[] = [];
        for (const frame of [SAID, CUT_OFF, SILENT]) {
          await show(probe, frame);
          told.push(await page.evaluate(sentence));
        }

        assert.equal(told, [SAID.caption, SAID.caption, ''], probe);
        await page.keyboard.press('1'); // enlarges it, and asks for nothing else any more
        await until(() => server.demand('yard').length === 0);
      }
      assert.is(await page.locator('#sentence').isVisible(), false);
      assert.equal(
        problems.filter((text) => !text.includes('404')),
        [],
      ); // it has no pictures
    },
    LIMIT,
  );
});
