/** The recipes of server/readme.md for browsers, on a page of another origin. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import * as assert from '../../support/assert.ts';
import type { Program } from '../../support/program.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { until } from '../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../support/suite.ts';
import { openBrowser, serveViewer } from '../../support/sockets/viewerPage.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };
const text = readFileSync(join(ROOT, 'server/readme.md'), 'utf8');
const RECIPES = [...text.matchAll(/^```js\n([^]*?)^```/gm)].map(([, code = '']) => code);
/** Where the readme says that the server is. */
const PRINTED = '127.0.0.1:8080';

/** As a bundler would make it; a recipe without imports stays as it is. */
async function bundle(code: string): Promise<string> {
  const stdin = { contents: code, resolveDir: ROOT };
  const { outputFiles } = await build({ stdin, bundle: true, format: 'esm', write: false });
  return outputFiles[0]?.text ?? '';
}

suite('the recipes for browsers', (test) => {
  test.needs('chromium');
  let served: { readonly program: Program; readonly url: string };
  let browser: Browser;
  let pages: Server;
  let script = '';

  /** Opens a page of the named host with a recipe as its script. @returns what it says on its console, as it comes */
  async function open(recipe: string, hostname: string): Promise<readonly string[]> {
    script = (await bundle(recipe)).replace(PRINTED, new URL(served.url).host);
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    await page.goto(`http://${hostname}:${(pages.address() as AddressInfo).port}/`);
    return said;
  }

  test.before(async () => {
    pages = createServer(({ url }, response) => {
      const isPage = url === '/';
      response.setHeader('Content-Type', isPage ? 'text/html' : 'text/javascript');
      response.end(isPage ? '<script type="module" src="script.js"></script>' : script);
    });
    pages.listen(0);
    await once(pages, 'listening');
    const { port } = pages.address() as AddressInfo;
    served = await serveViewer('--origin', `http://localhost:${port}`);
    browser = await openBrowser();
  });
  test.after(async () => {
    await browser.close();
    await served.program[Symbol.asyncDispose]();
    pages.close();
    await once(pages, 'close');
  });

  test('are two', () => assert.is(RECIPES.length, 2));

  for (const [i, recipe] of RECIPES.entries()) {
    test(
      `print what is found: ${i + 1}`,
      async () => {
        const said = await open(recipe, 'localhost');

        await until(() => said.filter((line) => line.startsWith('campus ')).length >= 3);
        assert.equal(
          said.filter((line) => /fail|error/i.test(line)),
          [],
        );
      },
      LIMIT,
    );
  }

  test(
    'are refused from an origin that was not named, and the log names it',
    async () => {
      const said = await open(RECIPES[1] ?? '', '127.0.0.1');
      const { port } = pages.address() as AddressInfo;

      await served.program.line('stderr', new RegExp(`--origin http://127.0.0.1:${port} `));
      await until(() => said.some((line) => line.includes('403')));
    },
    LIMIT,
  );
});
