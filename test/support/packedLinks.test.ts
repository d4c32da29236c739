import * as assert from './assert.ts';
import { deadLinks } from './packedLinks.ts';
import { suite } from './suite.ts';

suite('deadLinks', (test) => {
  test('names links and pictures that lead nowhere, and no others', () => {
    const files: Readonly<Record<string, string>> = {
      'README.md': [
        '# The package, in short',
        '[a](a/readme.md) [b](a/readme.md#what-it-is) [c](#the-package-in-short) [d](https://x.example/y)',
        '![e](gone.jpg) <img src="gone.png"> [f](a/readme.md#what-it-was) [g](b/readme.md)',
        '```md\n[h](in/an/example.md)\n```',
      ].join('\n'),
      'a/readme.md': '## What it is\n[i](../README.md) [j](readme.md#nothing) ![k](k.jpg)',
      'a/k.jpg': '',
    };

    const dead = deadLinks(Object.keys(files), (path) => files[path] ?? '');

    assert.equal(dead, [
      'README.md: gone.jpg',
      'README.md: gone.png',
      'README.md: a/readme.md#what-it-was',
      'README.md: b/readme.md',
      'a/readme.md: readme.md#nothing',
    ]);
  });
});
