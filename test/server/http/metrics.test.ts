import { NEVER } from 'rxjs';
import { schema } from '../../../server/index.ts';
import type { FrameCounts } from '../../../server/index.ts';
import * as assert from '../../support/assert.ts';
import { attachFeed, frameOf, openClient, startServer } from '../../support/sockets/sockets.ts';
import { suite } from '../../support/suite.ts';

async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${url}metrics`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('pix2seq'));
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ');
      return [line.slice('pix2seq_stream_'.length, space), Number(line.slice(space + 1))];
    }),
  );
}

suite('/metrics', (test) => {
  test('has the account of every source, and drops its series with it', async () => {
    await using server = await startServer();
    const counts: FrameCounts = {
      ...{ frames: 10, delivered: 5, dropped: { busy: 2, idle: 1 }, errors: 1, inFlight: 1 },
    };
    const yard = server.attach({ name: 'yard', events$: NEVER, counts: () => counts });
    const before = await scrape(server.url);
    const ended = [...before].filter(([name]) => name.startsWith('frames_ended_total{'));
    yard.unsubscribe();
    const after = await scrape(server.url);

    assert.is(before.get('frames_total{source="yard"}'), 10);
    assert.is(before.get('frames_in_flight{source="yard"}'), 1);
    assert.is(
      ended.reduce((sum, [, count]) => sum + count, 0),
      9,
    );
    assert.is(before.get('frames_ended_total{source="yard",outcome="dropped",cause="busy"}'), 2);
    assert.is(before.get('source_state{source="yard",state="connecting"}'), 1);
    assert.equal(
      [...after.keys()].filter((name) => name.includes('yard')),
      [],
    );
  });

  test('has the times, tokens and objects of the frames, and the clients', async () => {
    await using server = await startServer();
    const door$ = attachFeed(server, 'door');
    await using client = await openClient(server);
    await client.subscribe();
    const tokens = { drafted: 20, accepted: 15, decoded: 10, passes: 4 };
    const timing = { decodeMs: 1, queueMs: 30, encodeMs: 20, firstObjectMs: 60, tokensMs: 10 };
    for (const frame of [0, 1]) {
      door$.next(frameOf(frame, { tokens, timing, capturedAt: Date.now() }));
    }
    await client.next('frame');
    const told = await scrape(server.url);
    const of = (name: string): number | undefined => told.get(`${name}{source="door"}`);

    assert.equal([of('encode_seconds_sum'), of('encode_seconds_count')], [0.04, 2]);
    assert.is(of('first_object_seconds_sum'), 0.12);
    assert.is(of('frame_age_seconds_count'), 2);
    assert.is(told.get('tokens_total{source="door",kind="accepted"}'), 30);
    assert.equal([of('decoder_passes_total'), of('detections_total')], [8, 2]);
    assert.is(told.get('clients'), 1);
    assert.ok((told.get('messages_sent_total') ?? 0) > 3);
    assert.is(told.get('closed_total{reason="slow"}'), 0);
    door$.complete();
    const names = [...(await scrape(server.url)).keys()];
    assert.not.ok(names.includes('encode_seconds_count{source="door"}'));
  });
});

suite('/v1/asyncapi.json', (test) => {
  test('has every message of the schema, the pictures, and references that lead somewhere', async () => {
    await using server = await startServer();
    const text = await (await fetch(`${server.url}v1/asyncapi.json`)).text();
    const document = JSON.parse(text) as {
      asyncapi: string;
      components: { messages: Record<string, { payload: unknown }> };
    };
    const { picture, ...messages } = document.components.messages;
    assert.ok(picture);
    const published = JSON.parse(JSON.stringify(schema['$defs'])) as Record<string, unknown>;

    assert.is(document.asyncapi, '3.0.0');
    assert.equal(
      Object.fromEntries(Object.entries(messages).map(([name, { payload }]) => [name, payload])),
      published,
    );
    for (const [, path = ''] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = path
        .split('/')
        .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      assert.ok(found, path);
    }
  });
});
