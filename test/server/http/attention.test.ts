import { EMPTY, NEVER, Observable, of, throwError } from 'rxjs';
import { PipelineError } from '../../../models/index.ts';
import type { DetectionServer, SourceAttention, SourceFeed } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { startServer, until } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

const BOX = { ymin: 1, xmin: 2, ymax: 3, xmax: 4 };
const LOOK: SourceAttention = {
  source: 'called otherwise',
  frame: 7,
  width: 640,
  height: 360,
  objects: [
    {
      detection: { classId: 1, label: 'person', score: 0.5, box: BOX },
      ...{ columns: 2, rows: 1, cellWidth: 320, cellHeight: 360, heat: 'AP8=' },
    },
  ],
};
const NO_GRAPH = new PipelineError('ERR_MODEL_LOAD', 'there is no /secret/attention.onnx');

function attach(server: DetectionServer, attention$?: SourceFeed['attention$']): void {
  const feed = { name: 'front door', events$: NEVER };
  server.attach(attention$ === undefined ? feed : { ...feed, attention$ });
}

/** @returns status and body */
async function ask(
  { url }: DetectionServer,
  name: string = 'front door',
  init: RequestInit = {},
): Promise<readonly [number, string]> {
  const headers = new Headers({ ...(init.headers as object), connection: 'close' });
  const path = `v1/sources/${encodeURIComponent(name)}/attention`;
  const response = await fetch(`${url}${path}`, { ...init, headers });
  return [response.status, await response.text()];
}

suite('attention of a source', (test) => {
  test('is told under the name of the source, to those who may see it', async () => {
    const tokens = [
      { token: '0123456789abcdef' },
      { token: 'fedcba9876543210', sources: ['yard'] },
    ];
    await using server = await startServer({ auth: { tokens } });
    attach(server, of(LOOK));
    const as = (token: string): RequestInit => ({ headers: { Authorization: `Bearer ${token}` } });

    const [status, body] = await ask(server, 'front door', as('0123456789abcdef'));
    const [strangers] = await ask(server);
    const others = await ask(server, 'front door', as('fedcba9876543210'));

    assert.equal([status, JSON.parse(body)], [200, { ...LOOK, source: 'front door' }]);
    assert.is(strangers, 401);
    assert.equal(others, [404, 'There is no source named front door']);
  });

  test('takes GET and nothing else', async () => {
    await using server = await startServer();
    attach(server, of(LOOK));

    assert.is((await ask(server, 'front door', { method: 'POST' }))[0], 405);
    assert.is((await ask(server, 'front door', { method: 'HEAD' }))[0], 405);
  });

  test('is 404 where there is no source, or it cannot tell', async () => {
    await using server = await startServer();
    attach(server);

    assert.equal(await ask(server, 'yard'), [404, 'There is no source named yard']);
    assert.equal(await ask(server), [404, 'front door cannot tell where the model looks']);
  });

  test('is 404 where the model has no such graph, without the path of the file', async () => {
    await using server = await startServer();
    attach(
      server,
      throwError(() => NO_GRAPH),
    );

    const text = 'The model cannot tell where it looks: it has no attention.onnx';
    assert.equal(await ask(server), [404, text]);
  });

  test('is 503 where no frame comes or it fails, and why is told to the owner only', async () => {
    const notices: string[] = [];
    await using server = await startServer({ onNotice: (text) => notices.push(text) });
    const answers = [EMPTY, throwError(() => new Error('out of memory'))];
    attach(server, new Observable((subscriber) => answers.shift()?.subscribe(subscriber)));

    assert.equal(await ask(server), [503, 'No frame of front door came in time']);
    assert.equal(await ask(server), [503, 'A frame could not be read; try again']);
    assert.equal(notices, ['The attention of front door could not be told: out of memory']);
  });

  test('is told to one at a time, and makes the source wanted meanwhile', async () => {
    let numAsked = 0;
    let answer: () => void = () => undefined;
    await using server = await startServer();
    attach(
      server,
      new Observable((subscriber) => {
        numAsked += 1;
        answer = () => subscriber.next(LOOK);
      }),
    );

    const before = server.demand('front door');
    const first = ask(server);
    await until(() => numAsked === 1);
    const during = server.demand('front door');
    const second = await ask(server);
    answer();
    const [status] = await first;
    const third = ask(server);
    await until(() => numAsked === 2);
    answer();

    assert.equal([before.length, during.length], [0, 1]);
    assert.equal(second, [503, 'Somebody else is looking; try again']);
    assert.equal([status, (await third)[0]], [200, 200]);
    assert.equal(server.demand('front door'), []);
  });

  test('ends with the source', async () => {
    await using server = await startServer();
    let isAsked = false;
    const attention$ = new Observable<never>(() => {
      isAsked = true;
    });
    const attached = server.attach({ name: 'front door', events$: NEVER, attention$ });

    const asked = ask(server);
    await until(() => isAsked);
    attached.unsubscribe();

    assert.equal(await asked, [503, 'No frame of front door came in time']);
  });
});
