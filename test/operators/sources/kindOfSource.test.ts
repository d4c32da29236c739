import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kindOfSource } from '../../../operators/sources/kindOfSource.ts';
import type { SourceKind } from '../../../operators/sources/kindOfSource.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { MAKERS } from '../../support/media/animations.ts';

suite('kindOfSource', (test) => {
  const addresses: readonly (readonly [string, SourceKind])[] = [
    ['http://a.example/a.mp4?sig=abc', 'video'],
    ['https://a.example/[1]/(a)/*.mp4#t=1', 'video'],
    ['rtsp://me:a*b?c[d]@cam/live', 'video'],
    ['HTTP://a.example/{a,b}.jpg', 'video'],
    ['-', 'video'],
    ['/dev/stdin', 'video'],
    ['*.png', 'glob'],
    ['clips/**/*.{mp4,mkv}', 'glob'],
    ['x (1).mp4', 'glob'],
    ['not here.mp4', 'video'],
    ['not here.png', 'video'],
    ['x'.repeat(5_000), 'video'],
  ];
  for (const [source, kind] of addresses) {
    test(`takes ${source.slice(0, 60)} for a ${kind}`, async () => {
      assert.is(await kindOfSource(source), kind);
    });
  }

  test('looks first whether something has the very name', async () => {
    await using folder = await temporaryFolder();
    const at = (name: string): string => join(folder.path, name);
    const [gif, webp] = [await MAKERS.gif(), await MAKERS.webp()];
    const still = Buffer.from('R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs=', 'base64'); // GIF of 1 x 1
    mkdirSync(at('day [1]'));
    const files: readonly (readonly [string, Uint8Array, SourceKind])[] = [
      ['x (1).mp4', Buffer.from('no video'), 'video'],
      ['a[1].gif', still, 'picture'],
      ['moving.gif', gif, 'video'],
      ['moving.webp', webp, 'video'],
      ['moving.png', await MAKERS.png(), 'video'],
      ['broken.png', Buffer.from('no picture'), 'picture'],
    ];
    files.forEach(([name, bytes]) => writeFileSync(at(name), bytes));

    assert.is(await kindOfSource(at('day [1]')), 'folder');
    for (const [name, , kind] of files) {
      assert.is(await kindOfSource(at(name)), kind, name);
    }
  });
});
