import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Subject } from 'rxjs';
import sharp from 'sharp';
import { DEMO_CLIP, createPipeline } from '../../../pipeline/index.ts';
import type { Frame } from '../../../pipeline/index.ts';
import type { DetectionServer, ObjectAttention, SourceAttention } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { openClient } from '../../support/sockets/sockets.ts';
import { MODEL_TEST_MS, suite } from '../../support/suite.ts';
import { trackless } from '../../support/messages.ts';
import { frameMaker } from '../../support/media/ownFrames.ts';

const LIMIT = { timeoutMs: MODEL_TEST_MS };
const TINY = fileURLToPath(new URL('../../fixtures/models/tiny', import.meta.url));

const askFor = ({ url }: DetectionServer, name: string): Promise<Response> =>
  fetch(`${url}v1/sources/${name}/attention`);

/** Whether the hottest cell touches the object's box. */
function looksAtIt({ detection, heat, columns, cellWidth, cellHeight }: ObjectAttention): boolean {
  const at = Buffer.from(heat, 'base64').indexOf(255);
  const [x, y] = [(at % columns) * cellWidth, Math.floor(at / columns) * cellHeight];
  const { xmin, xmax, ymin, ymax } = detection.box;
  return x < xmax && x + cellWidth > xmin && y < ymax && y + cellHeight > ymin;
}

suite('attention of a running source', (test) => {
  test(
    'is that of a frame as all get it, with its picture, and lies where the objects are',
    async () => {
      await using pipeline = await createPipeline({
        sources: [{ name: 'yard', source: DEMO_CLIP, loop: true }],
        detect: { reuse: 'off', minScore: 0.4 },
        server: { port: 0 },
      });
      await using client = await openClient(pipeline.server);
      await client.subscribe({ policy: 'all' });
      await client.next('frame');

      const response = await askFor(pipeline.server, 'yard');
      const { picture = '', objects, ...facts } = (await response.json()) as SourceAttention;
      let message = await client.next('frame'); // of what came meanwhile, or later
      for (const frame of client.messages) {
        if (frame.type === 'frame' && frame.frame === facts.frame) {
          message = frame;
        }
      }

      assert.equal(facts, { source: 'yard', frame: message.frame, width: 768, height: 576 });
      assert.equal(
        trackless({ detections: objects.map(({ detection }) => detection) }),
        trackless(message),
      );
      const { format, width, height } = await sharp(Buffer.from(picture, 'base64')).metadata();
      assert.equal([format, width, height], ['jpeg', 640, 480]);
      for (const { columns, rows, cellWidth, cellHeight, heat } of objects) {
        assert.is(Buffer.from(heat, 'base64').length, columns * rows);
        assert.ok(columns * cellWidth >= 768 && (columns - 1) * cellWidth < 768);
        assert.ok(rows * cellHeight >= 576 && (rows - 1) * cellHeight < 576);
      }
      const numSeen = objects.filter(looksAtIt).length;
      assert.ok(numSeen >= 4 && numSeen >= 0.8 * objects.length, `${numSeen}/${objects.length}`);
    },
    LIMIT,
  );

  test(
    'is read for who asks where nobody else listens, and has no picture where there is none',
    async () => {
      const frames$ = new Subject<Frame>();
      await using pipeline = await createPipeline({
        sources: [{ name: 'own', source: frames$ }],
        detector: { model: TINY, device: 'cpu' },
        server: { port: 0 },
      });
      const maker = frameMaker();

      const asked = askFor(pipeline.server, 'own');
      const timer = setInterval(() => frames$.next(maker.open()), 20);
      const response = await asked.finally(() => clearInterval(timer));
      const answer = (await response.json()) as SourceAttention;

      assert.is(response.status, 200);
      assert.equal(Object.keys(answer), ['source', 'frame', 'width', 'height', 'objects']);
    },
    LIMIT,
  );

  test(
    'is 503 where no frame comes, and 404 where the model has no such graph',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'no-attention-'));
      try {
        cpSync(TINY, folder, { recursive: true, filter: (file) => !file.includes('attention.') });
        const frames$ = new Subject<Frame>();
        await using pipeline = await createPipeline({
          sources: [{ name: 'own', source: frames$ }],
          detector: { model: folder, device: 'cpu' },
          server: { port: 0 },
        });
        const maker = frameMaker();

        const late = await askFor(pipeline.server, 'own');
        const asked = askFor(pipeline.server, 'own');
        const timer = setInterval(() => frames$.next(maker.open()), 20);
        const blind = await asked.finally(() => clearInterval(timer));

        assert.equal([late.status, blind.status], [503, 404]);
        assert.match(await blind.text(), /no attention\.onnx$/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    LIMIT,
  );
});
