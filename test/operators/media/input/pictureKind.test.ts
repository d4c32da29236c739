import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { isSequence, pictureKindOf } from '../../../../operators/media/input/pictureKind.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';
import { clip } from '../../../support/media/clips.ts';

suite('pictureKindOf', (test) => {
  const plain = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } });
  for (const kind of ['jpeg', 'png', 'gif', 'webp', 'tiff', 'avif'] as const) {
    test(`knows a ${kind}, also as a part of a larger buffer`, async () => {
      const bytes = await plain.clone().toFormat(kind).toBuffer();

      assert.is(pictureKindOf(bytes), kind);
      assert.is(pictureKindOf(Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)), kind);
      assert.is(isSequence(bytes), false);
    });
  }

  for (const text of [
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
    '\n\t<?xml version="1.0"?><!DOCTYPE svg []><svg>',
    '\uFEFF<!-- a drawing --><SVG width="1">',
  ]) {
    test(`knows a drawing: ${JSON.stringify(text)}`, () => {
      assert.is(pictureKindOf(Buffer.from(text)), 'svg');
    });
  }

  test('knows a sequence in AVIF', () => {
    const head = Buffer.from('\0\0\0\x18ftypavis\0\0\0\0avismsf1', 'latin1');

    assert.is(pictureKindOf(head), 'avif');
    assert.is(isSequence(head), true);
  });

  test('takes nothing else for a picture', () => {
    const videos = ['h264.mp4', 'h264.ts', 'h264.mov', 'vp9.webm'].map((name) =>
      readFileSync(clip(name)),
    );
    const others = ['', 'GIF', 'svg <svg>', '\x1f\x8b\x08', 'RIFF____AVI '].map((text) =>
      Buffer.from(text, 'latin1'),
    );
    assert.equal(
      [...videos, ...others].map((bytes) => pictureKindOf(bytes.subarray(0, 4096))),
      [...videos, ...others].map(() => undefined),
    );
  });
});
