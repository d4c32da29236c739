import type { Detection, FrameDetections, ModelInfo } from '../../../models/index.ts';
import { FORMATS, createFormat } from '../../../pipeline/sinks/formats.ts';
import type { FormatName } from '../../../pipeline/sinks/formats.ts';
import * as assert from '../../support/assert.ts';
import { frameDetections } from '../../support/frames.ts';
import { detectionOf } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const MODEL = {
  labels: [
    { id: 1, name: 'person' },
    { id: 90, name: 'toothbrush' },
  ],
} as unknown as ModelInfo;

/** What a format writes for some results. */
function written(name: FormatName, results: readonly FrameDetections[]): string[] {
  const lines: string[] = [];
  const writer = {
    hasBegun: true,
    begin: () => undefined,
    write: (line: string) => void lines.push(line),
    close: () => undefined,
  };
  const format = createFormat(name, MODEL);
  results.forEach((result, index) => format.write(writer, result, index + 1));
  format.end(writer);
  return lines;
}

function frame(index: number, detections: readonly Detection[]): FrameDetections {
  return frameDetections({ frame: index, pts: index / 10, detections });
}

suite('createFormat', (test) => {
  test('ndjson is the frame message of the protocol, one a line', () => {
    const results = [frame(0, [detectionOf()]), frame(4, [])];

    const messages = written('ndjson', results).map((line) => JSON.parse(line) as unknown);

    assert.equal(
      messages,
      results.map((result, index) => ({ v: 1, seq: index + 1, ...result })),
    );
  });

  test('ndjson begins with version and type', () => {
    const [line] = written('ndjson', [frame(0, [])]);

    assert.match(line ?? '', /^\{"v":1,"type":"frame","source":"clip","seq":1,/);
  });

  test('csv is a header and one detection a line', () => {
    const lines = written('csv', [frame(3, [detectionOf({ trackId: 7 })]), frame(4, [])]);

    assert.equal(lines, [
      'source,frame,pts,label,score,xmin,ymin,xmax,ymax,trackId,file',
      'clip,3,0.3,person,0.9,10.5,20,110.25,220,7,',
    ]);
  });

  test('csv leaves the track empty where there is none', () => {
    const [, line] = written('csv', [frame(0, [detectionOf()])]);

    assert.match(line ?? '', /,220,,$/);
  });

  const names: readonly (readonly [string, string])[] = [
    ['a,b.mp4', '"a,b.mp4"'],
    ['say "a".mp4', '"say ""a"".mp4"'],
    ['two\nlines', '"two\nlines"'],
    ['a\rb', '"a\rb"'],
    ["it's; fine", "it's; fine"],
  ];
  for (const [name, quoted] of names) {
    test(`csv writes ${JSON.stringify(name)} as ${JSON.stringify(quoted)}`, () => {
      const detections = [detectionOf({ label: name })];

      const [, line] = written('csv', [frameDetections({ source: name, detections })]);

      assert.is(line, `${quoted},0,0,${quoted},0.9,10.5,20,110.25,220,,`);
    });
  }

  test('mot counts frames from 1 and has left, top, width, height', () => {
    const lines = written('mot', [
      frame(0, [detectionOf({ trackId: 7 })]),
      frame(9, [detectionOf()]),
    ]);

    assert.equal(lines, [
      '1,7,10.5,20,99.75,200,0.9,-1,-1,-1',
      '10,-1,10.5,20,99.75,200,0.9,-1,-1,-1',
    ]);
  });

  test('mot and coco round the difference of two rounded corners', () => {
    const box = { xmin: 0.1, ymin: 0.1, xmax: 0.3, ymax: 0.7 }; // 0.3 - 0.1 = 0.19999999999999998
    const results = [frame(0, [detectionOf({ box })])];

    assert.is(written('mot', results)[0], '1,-1,0.1,0.1,0.2,0.6,0.9,-1,-1,-1');
    assert.match(written('coco', results).join(''), '"bbox":[0.1,0.1,0.2,0.6]');
  });

  test('coco is one array, with the ids of the data set', () => {
    const two = [detectionOf(), detectionOf({ classId: 1, score: 0.5 })];

    const items = JSON.parse(
      written('coco', [frame(0, two), frame(1, []), frame(2, two)]).join('\n'),
    );

    const bbox = [10.5, 20, 99.75, 200];
    assert.equal(items, [
      { image_id: 0, category_id: 1, bbox, score: 0.9 },
      { image_id: 0, category_id: 90, bbox, score: 0.5 },
      { image_id: 2, category_id: 1, bbox, score: 0.9 },
      { image_id: 2, category_id: 90, bbox, score: 0.5 },
    ]);
  });

  test('coco gives no two frames one number, from source to source', () => {
    const found = (source: string, index: number, file: string): FrameDetections => ({
      ...frame(index, [detectionOf()]),
      source,
      file,
    });
    const results = [found('a', 0, 'a/1.gif'), found('a', 1, 'a/1.gif'), found('b', 0, 'b/1.gif')];

    const items = JSON.parse(written('coco', results).join('')) as Record<string, unknown>[];

    assert.equal(
      items.map(({ image_id, file_name }) => [image_id, file_name]),
      [
        [0, 'a/1.gif'],
        [1, 'a/1.gif'],
        [2, 'b/1.gif'],
      ],
    );
  });

  for (const name of FORMATS) {
    test(`${name} of nothing is what its reader takes for nothing`, () => {
      const text = written(name, []).join('\n');

      const nothing = { ndjson: '', csv: /^source,.*trackId,file$/, mot: '', coco: /^\[\s*\]$/ }[
        name
      ];
      assert.ok(typeof nothing === 'string' ? text === nothing : nothing.test(text), text);
    });
  }
});
