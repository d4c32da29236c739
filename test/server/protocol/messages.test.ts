import { readFile } from 'node:fs/promises';
import { Compile } from 'typebox/schema';
import { PipelineError } from '../../../models/core/errors.ts';
import { JSON_CODEC, MSGPACK_CODEC } from '../../../server/protocol/codec.ts';
import { parseClientMessage, schema } from '../../../server/index.ts';
import { matchesGlob } from '../../../server/filters/matchesGlob.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

const subscribe = (fields: object): string =>
  JSON.stringify({ type: 'subscribe', id: 'a', ...fields });

suite('parseClientMessage', (test) => {
  const right: readonly string[] = [
    subscribe({}),
    subscribe({ v: 1, sources: ['front_*'], classes: ['person'], minScore: 0.4, objects: true }),
    subscribe({ policy: 'all', fromSeq: { front_door: 917 }, epoch: 'x' }),
    subscribe({ policy: { everyMs: 200 }, classes: [] }),
    subscribe({ limit: 1 }),
    subscribe({ classes: ['person'], limit: 100 }),
    subscribe({ policy: 'all', window: 10, snapshot: true, zones: ['gate'], tracks: [1, 2] }),
    '{"type":"unsubscribe","id":"a"}',
    '{"type":"ack","id":"a","seq":{"door":3}}',
    '{"type":"auth","token":"x"}',
  ];
  for (const text of right) {
    test(`reads ${text}`, () => {
      assert.equal(parseClientMessage(text), JSON.parse(text));
      assert.ok(Compile(schema).Check(JSON.parse(text)));
      const packed = MSGPACK_CODEC.encode(JSON.parse(text) as object);
      assert.equal(parseClientMessage(packed, MSGPACK_CODEC), JSON.parse(text));
    });
  }

  test('refuses the other kind of message, and bytes that are no MessagePack', async () => {
    for (const [message, codec, expected] of [
      [Buffer.from('{}'), JSON_CODEC, /^Expected JSON text, got a binary message$/],
      ['{}', MSGPACK_CODEC, /^Expected MessagePack, a binary message, got text$/],
      [Buffer.from([0xc1]), MSGPACK_CODEC, /^Expected MessagePack, got 1 other bytes: /],
      [Buffer.from([0x92, 1]), MSGPACK_CODEC, /^Expected MessagePack, got 2 other bytes: /],
      [Buffer.alloc(60_000, 0x91), MSGPACK_CODEC, /^Expected MessagePack, got 60000 other/],
    ] as const) {
      await assert.rejects(() => parseClientMessage(message, codec), {
        code: 'ERR_CLIENT_PROTOCOL',
        message: expected,
      });
    }
  });

  const halves: readonly (readonly [string, Buffer])[] = [
    ['half a character', Buffer.from('eda0bd', 'hex')],
    ['bytes that begin nothing', Buffer.from('fffe', 'hex')],
    ['more bytes than needed', Buffer.from('c0af', 'hex')],
    ['a long text with one such byte', Buffer.from(`${'61'.repeat(300)}80`, 'hex')],
  ];
  for (const [title, text] of halves) {
    test(`refuses text that is no UTF-8 in MessagePack: ${title}`, async () => {
      const packed = Buffer.from(
        MSGPACK_CODEC.encode({ type: 'subscribe', id: 'x'.repeat(text.length), minScore: 0.5 }),
      );
      text.copy(packed, packed.indexOf('x'));
      await assert.rejects(() => parseClientMessage(packed, MSGPACK_CODEC), {
        code: 'ERR_CLIENT_PROTOCOL',
        message: /a text in it is no UTF-8$/,
      });
      const key = Buffer.from(
        MSGPACK_CODEC.encode({ type: 'ack', id: 'a', seq: { ['x'.repeat(text.length)]: 1 } }),
      );
      text.copy(key, key.indexOf('x'));
      await assert.rejects(() => parseClientMessage(key, MSGPACK_CODEC), { message: /no UTF-8$/ });
    });
  }

  test('reads every kind of value in MessagePack before it looks at the texts', () => {
    for (const minScore of [0, 1, 0.1, Math.fround(0.1)]) {
      const message = {
        type: 'subscribe',
        id: 'ü€😀'.repeat(20),
        minScore,
        limit: 100,
        window: 9_999,
      };
      const all = { ...message, policy: 'all', snapshot: true, fromSeq: { ä: 2 ** 40, b: 70_000 } };
      assert.equal(parseClientMessage(MSGPACK_CODEC.encode(all), MSGPACK_CODEC), all);
    }
  });

  test('refuses half a character in JSON, in values and names', async () => {
    for (const text of [
      '{"type":"subscribe","id":"\\ud800"}',
      '{"type":"subscribe","id":"a","fromSeq":{"\\uDC00":1}}',
    ]) {
      await assert.rejects(() => parseClientMessage(text), { message: /half a character$/ });
    }
    assert.equal(parseClientMessage('{"type":"unsubscribe","id":"\\ud83d\\ude00\\\\ud800"}'), {
      ...{ type: 'unsubscribe', id: '😀\\ud800' },
    });
  });

  test('refuses what JSON cannot say in MessagePack', async () => {
    const encode = (fields: object): Uint8Array =>
      MSGPACK_CODEC.encode({ type: 'subscribe', id: 'a', ...fields });
    for (const fields of [
      { minScore: NaN },
      { limit: Infinity },
      { epoch: new Date(0) },
      { sources: [new Uint8Array(3)] },
      { fromSeq: Object.fromEntries([['__proto__', 1]]) },
    ]) {
      await assert.rejects(() => parseClientMessage(encode(fields), MSGPACK_CODEC), {
        code: 'ERR_CLIENT_PROTOCOL',
      });
    }
  });

  test('cuts what it repeats between characters', async () => {
    for (let length = 55; length < 65; length++) {
      const id = `${'x'.repeat(length)}${'😀'.repeat(100)}`;
      const thrown = await assert.rejects(
        () => parseClientMessage(JSON.stringify({ type: id, id })),
        {
          code: 'ERR_CLIENT_PROTOCOL',
        },
      );
      assert.not.match(
        JSON.stringify([String(thrown), Object.entries(thrown as object)]),
        /\\ud[89a-f]/,
      );
    }
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['[1]', 'Expected a JSON object, got `[1]` (array)'],
    ['null', 'Expected a JSON object, got `null` (null)'],
    ['{}', 'Expected `type` to be one of subscribe, unsubscribe, auth, ack, got nothing'],
    [
      '{"type":"unsubscrib"}',
      'Expected `type` to be one of subscribe, unsubscribe, auth, ack, got `"unsubscrib"` (string); did you mean `unsubscribe`?',
    ],
    [
      '{"type":"ack","id":"a"}',
      'Expected `seq` of ack to be an object with a whole number >= 1 for each source, got nothing',
    ],
    [
      '{"type":"ack","id":"a","seq":{"door":0}}',
      'Expected `seq` of ack to be an object with a whole number >= 1 for each source, got `{"door":0}` (object)',
    ],
    [
      '{"type":"constructor"}',
      'Expected `type` to be one of subscribe, unsubscribe, auth, ack, got `"constructor"` (string)',
    ],
    [
      '{"type":"subscribe"}',
      'Expected `id` of subscribe to be a string of 1 to 128 characters, got nothing',
    ],
    [
      subscribe({ id: '' }),
      'Expected `id` of subscribe to be a string of 1 to 128 characters, got `""` (string)',
    ],
    [subscribe({ clases: ['a'] }), 'Unknown field `clases` of subscribe; did you mean `classes`?'],
    [
      subscribe({ sources: [] }),
      'Expected `sources` of subscribe to be an array of 1 to 64 names or globs, got `[]` (array)',
    ],
    [
      subscribe({ minScore: null }),
      'Expected `minScore` of subscribe to be a number from 0 to 1, got `null` (null)',
    ],
    [
      subscribe({ policy: { everyMs: 0 } }),
      'Expected `policy` of subscribe to be "latest", "all" or { "everyMs": a whole number from 1 to 3600000 }, got `{"everyMs":0}` (object)',
    ],
    [
      subscribe({ fromSeq: { door: -1 } }),
      'Expected `fromSeq` of subscribe to be an object with a whole number >= 0 for each source, got `{"door":-1}` (object)',
    ],
    [
      subscribe({ objects: 'x'.repeat(80) }),
      `Expected \`objects\` of subscribe to be true or false, got \`"${'x'.repeat(59)}…\` (string)`,
    ],
    ...[0, 101, 1.5, '1'].map(
      (limit) =>
        [
          subscribe({ limit }),
          `Expected \`limit\` of subscribe to be a whole number from 1 to 100, got \`${JSON.stringify(limit)}\` (${typeof limit})`,
        ] as const,
    ),
    [subscribe({ v: 2 }), 'Expected `v` of subscribe to be 1, got `2` (number)'],
  ];
  for (const [text, message] of wrong) {
    test(`refuses ${text.slice(0, 60)}`, async () => {
      const error = await assert.rejects(() => parseClientMessage(text), {
        code: 'ERR_CLIENT_PROTOCOL',
      });
      assert.is(error.message, message);
    });
  }

  test('keeps the message on one line and its id in the details', async () => {
    await assert.rejects(() => parseClientMessage('no\nJSON'), { message: /^[^\n]*$/ });
    const error = await assert.rejects(() => parseClientMessage(subscribe({ x: 1 })), {});
    assert.ok(error instanceof PipelineError);
    assert.equal(error.details, { id: 'a' });
  });
});

suite('readme.md', (test) => {
  test('has a right example of every message', async () => {
    const text = await readFile(new URL('../../../server/readme.md', import.meta.url), 'utf8');
    const examples = [...text.matchAll(/^```json\n(.*?)^```/gms)].map(
      ([, json]) => JSON.parse(json ?? '') as { readonly type: string },
    );
    const published = Compile(schema);

    for (const example of examples) {
      assert.ok(published.Check(example), JSON.stringify(example));
    }
    const types = new Set(examples.map(({ type }) => type));
    assert.equal(types, new Set(Object.keys(schema['$defs'] as object)));
  });
});

suite('matchesGlob', (test) => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', '', true],
    ['*', 'door', true],
    ['', '', true],
    ['', 'a', false],
    ['front_*', 'front_', true],
    ['front_*', 'front', false],
    ['*_door', 'front_door', true],
    ['*_door', 'front_door_2', false],
    ['f?ont*r', 'front_door', true],
    ['?', '', false],
    ['a*b*c', 'aXbYbZc', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['door', 'Door', false],
  ];
  for (const [pattern, name, expected] of cases) {
    test(`\`${pattern}\` ${expected ? 'fits' : 'does not fit'} \`${name}\``, () => {
      assert.is(matchesGlob(pattern, name), expected);
    });
  }

  test('takes no time with a pattern that stops a regular expression', () => {
    assert.not.ok(matchesGlob(`${'*a'.repeat(120)}b`, 'a'.repeat(5_000)));
  });
});
