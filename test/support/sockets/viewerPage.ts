import axe from 'axe-core';
import { chromium } from 'playwright-core';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { startProgram } from '../program.ts';
import type { Program } from '../program.ts';
import { findProgram } from '../programs.ts';

/**
 * Starts `serve` on a free port.
 * **Owns:** the caller disposes of the program.
 */
export async function serveViewer(
  ...args: readonly string[]
): Promise<{ readonly program: Program; readonly url: string }> {
  const program = startProgram(['serve', '--port', '0', ...args]);
  const [url = ''] = /https?:\S+\//.exec(await program.line('stderr', /^Look at /)) ?? [];
  return { program, url };
}

/** **Owns:** the caller, who closes it and needs `chromium`. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findProgram('chromium')!, args: ['--no-sandbox'] });
}

/** @returns grows by every error on the page's console and every one thrown there */
export function watchProblems(page: Page): readonly string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') {
      problems.push(message.text());
    }
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  return problems;
}

/** What the page says about the picture on its screen, read in one go. */
export interface Drawn {
  readonly source: string;
  readonly frame: number;
  /** Names of the zones. */
  readonly zones: readonly string[];
  readonly boxes: readonly {
    readonly label: string;
    readonly trackId?: number;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly canvas: { readonly width: number; readonly height: number };
  /** Different colours among the canvas's pixels. */
  readonly numColours: number;
}

/** Reads the page's probe. As text, since this project's types know no browser. */
export const READ_SCREEN = `(() => {
  const canvas = document.getElementById('screen');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return {
    ...window.pix2seqViewer.lastDrawn,
    canvas: { width: canvas.clientWidth, height: canvas.clientHeight },
    numColours: new Set(new Uint32Array(data.buffer)).size,
  };
})()`;
/** What axe finds against WCAG 2.1 AA on the page as it stands, a line each. */
export async function barriersOf(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const options = { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] };
  const { violations } = await page.evaluate<AxeResults>(
    `axe.run(document, ${JSON.stringify(options)})`,
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** Waits in the page for a condition; playwright's own waiting is `eval`, which the page forbids. */
export async function untilTrue(page: Page, condition: string): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (${condition} ? resolve() : requestAnimationFrame(look));
    look();
  })`);
}
