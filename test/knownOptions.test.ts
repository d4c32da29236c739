/** A key that is wrong by its case or a letter is refused by every function that takes options, with the right one. */
import { NEVER } from 'rxjs';
import { connect } from '../server/client/index.ts';
import { downloadCheckpoint, importCheckpoint } from '../models/import/index.ts';
import * as pix2seq from '../pipeline/index.ts';
import { fakeDetector } from './support/detect/fakeDetector.ts';
import * as assert from './support/assert.ts';
import { suite } from './support/suite.ts';

const detector = await fakeDetector();
const image = pix2seq.bundledImageSpec();
const frame = {} as pix2seq.Frame; // not looked at before the options
const server = (options: object): Promise<unknown> => pix2seq.createDetectionServer(options);
const pipeline = (options: object): Promise<unknown> =>
  pix2seq.createPipeline({ sources: [], server: { port: 0 }, ...options });

type Call = (options: never) => unknown;

/** By what is called: how, the wrong key, and the right one. */
const DOORS: Readonly<Record<string, readonly [Call, string, string]>> = {
  fromVideo: [(o) => pix2seq.fromVideo('a.mp4', o), 'maxframes', 'maxFrames'],
  fromImages: [(o) => pix2seq.fromImages('a', o), 'maxframes', 'maxFrames'],
  fromLive: [(o) => pix2seq.fromLive('test:', o), 'STALLSECONDS', 'stallSeconds'],
  'fromLive, retryDelay': [
    (o) => pix2seq.fromLive('test:', { retryDelay: o }),
    'minseconds',
    'minSeconds',
  ],
  frameFromPixels: [
    (o) => pix2seq.frameFromPixels(new Uint8Array(3), o),
    'capturedat',
    'capturedAt',
  ],
  openSource: [
    (o) => pix2seq.openSource('a.mp4', { image, ...(o as object) }),
    'maxopenframes',
    'maxOpenFrames',
  ],
  detect: [(o) => pix2seq.detect(detector, o), 'minscore', 'minScore'],
  'detect, of decoding': [(o) => pix2seq.detect(detector, o), 'MAXOBJECTS', 'maxObjects'],
  'detect, motion': [
    (o) => pix2seq.detect(detector, { motion: o }),
    'maxstillseconds',
    'maxStillSeconds',
  ],
  decode: [(o) => pix2seq.decode(detector, o), 'budgetms', 'budgetMs'],
  objects: [(o) => pix2seq.objects(detector, o), 'minscore', 'minScore'],
  attentionPictures: [(o) => pix2seq.attentionPictures(detector, o), 'minscore', 'minScore'],
  readAttention: [(o) => pix2seq.readAttention(detector, frame, o), 'minscore', 'minScore'],
  segment: [(o) => pix2seq.segment(detector, o), 'maxtokens', 'maxTokens'],
  pose: [(o) => pix2seq.pose(detector, o), 'topp', 'topP'],
  caption: [(o) => pix2seq.caption(detector, [], o), 'typemask', 'typeMask'],
  DraftKeeper: [(o) => new pix2seq.DraftKeeper(o), 'Reuse', 'reuse'],
  inferLatest: [(o) => pix2seq.inferLatest(() => NEVER, o), 'ondropped', 'onDropped'],
  inferEvery: [(o) => pix2seq.inferEvery(() => NEVER, o), 'MaxBuffered', 'maxBuffered'],
  sampleFrames: [(o) => pix2seq.sampleFrames(o), 'persecond', 'perSecond'],
  pace: [(o) => pix2seq.pace(o), 'ondropped', 'onDropped'],
  measure: [(o) => pix2seq.measure(o), 'windowms', 'windowMs'],
  track: [(o) => pix2seq.track(o), 'miniou', 'minIou'],
  openVideoWriter: [
    (o) => pix2seq.openVideoWriter('a.mp4', o),
    'framespersecond',
    'framesPerSecond',
  ],
  openDetector: [(o) => pix2seq.openDetector(o), 'Threads', 'threads'],
  openLocalDetector: [(o) => pix2seq.openLocalDetector(o), 'Rules', 'rules'],
  openSupervisedDetector: [(o) => pix2seq.openSupervisedDetector(o), 'HANGSECONDS', 'hangSeconds'],
  resolveDecodeOptions: [
    (o) => pix2seq.resolveDecodeOptions(o, detector.model),
    'maxobjects',
    'maxObjects',
  ],
  createPipeline: [pipeline, 'maxsources', 'maxSources'],
  'createPipeline, detect': [(o) => pipeline({ detect: o }), 'minscore', 'minScore'],
  'createPipeline, detector': [(o) => pipeline({ detector: o }), 'hangseconds', 'hangSeconds'],
  'createPipeline, server': [(o) => pipeline({ server: o }), 'maxclients', 'maxClients'],
  'createPipeline, a source': [
    (o) => pipeline({ sources: [{ name: 'a', source: 'a.mp4', ...(o as object) }] }),
    'stallseconds',
    'stallSeconds',
  ],
  createDetectionServer: [server, 'MAXCLIENTS', 'maxClients'],
  'createDetectionServer, auth': [(o) => server({ auth: o }), 'Tokens', 'tokens'],
  'createDetectionServer, a token': [
    (o) => server({ auth: { tokens: [{ token: 'x'.repeat(16), ...(o as object) }] } }),
    'Manage',
    'manage',
  ],
  'createDetectionServer, tls': [(o) => server({ tls: o }), 'Cert', 'cert'],
  'createDetectionServer, a zone': [(o) => server({ zones: { gate: o } }), 'Points', 'points'],
  attach: [
    async (o) => {
      await using open = await pix2seq.createDetectionServer({ port: 0 });
      open.attach({ ...(o as object), name: 'a', events$: NEVER });
    },
    'Pictures$',
    'pictures$',
  ],
  connect: [(o) => connect('ws://127.0.0.1:1/v1', o), 'maxretries', 'maxRetries'],
  'connect, retryDelay': [
    (o) => connect('ws://127.0.0.1:1/v1', { retryDelay: o }),
    'maxseconds',
    'maxSeconds',
  ],
  importCheckpoint: [(o) => importCheckpoint(o), 'imagesize', 'imageSize'],
  downloadCheckpoint: [(o) => downloadCheckpoint(o), 'stallms', 'stallMs'],
};

suite('options', (test) => {
  for (const [name, [call, wrong, right]] of Object.entries(DOORS)) {
    test(`${name} names \`${right}\` for \`${wrong}\``, async () => {
      const escape = (text: string): string => text.replace('$', String.raw`\$`);
      const hint = `\`${escape(wrong)}\` .*did you mean \`${escape(right)}\`\\?$`;

      await assert.rejects(async () => await call({ [wrong]: 1 } as never), {
        name: 'TypeError',
        message: new RegExp(hint),
      });
    });
  }
});
