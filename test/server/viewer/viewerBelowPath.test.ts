/** The page in a browser, behind a proxy that has the server below a path. */
import type { Browser } from 'playwright-core';
import * as assert from '../../support/assert.ts';
import { openPathProxy } from '../../support/sockets/pathProxy.ts';
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

suite('viewer, below a path', (test) => {
  test.needs('chromium');
  let served: { readonly program: Program; readonly url: string };
  let browser: Browser;

  test.before(async () => {
    served = await serveViewer();
    browser = await openBrowser();
  });
  test.after(async () => {
    await browser.close();
    await served.program[Symbol.asyncDispose]();
  });

  test(
    'draws pictures and boxes, and shows where the model looks',
    async () => {
      await using proxy = await openPathProxy(served.url, '/cam/');
      const page = await browser.newPage();
      const problems = watchProblems(page);

      await page.goto(`${proxy.url}#anything`);
      await untilTrue(page, `${NUM_DRAWN} >= 5`);
      const drawn = await page.evaluate<Drawn>(READ_SCREEN);
      await page.keyboard.press('a');
      await untilTrue(page, `window.pix2seqViewer.attention() !== undefined`);
      await page.close();

      assert.is(drawn.source, 'campus');
      assert.ok(drawn.numColours > 1_000, `a picture: ${drawn.numColours} colours`);
      assert.equal(problems, []);
    },
    LIMIT,
  );

  const proxies = [
    ['its own name for the server', 'localhost'],
    ['the name it was asked by', 'cams.example'],
  ] as const;
  for (const [what, host] of proxies) {
    test(
      `says what is missing behind a proxy that hands on ${what}`,
      () => assertTold(host),
      LIMIT,
    );
  }

  async function assertTold(host: string): Promise<void> {
    await using proxy = await openPathProxy(served.url, '/cam/', host);
    const page = await browser.newPage();

    await page.goto(proxy.url);
    await untilTrue(page, `!document.getElementById('message').hidden`);
    const text = await page.locator('#message').textContent();
    const { origin } = new URL(proxy.url);
    const named = host === 'localhost' ? origin : `https://${host}`;
    await served.program.line('stderr', new RegExp(`^Refused with 403: .*--origin ${named} `));
    await page.close();

    assert.match(text ?? '', new RegExp(`takes no WebSocket of this page.*--origin ${origin}$`));
  }
});
