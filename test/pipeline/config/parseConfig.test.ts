import { applySources, changedSettings } from '../../../pipeline/config/applyConfig.ts';
import { parseConfig } from '../../../pipeline/config/parseConfig.ts';
import type { ConfigSource } from '../../../pipeline/config/parseConfig.ts';
import type { PipelineSources } from '../../../pipeline/index.ts';
import * as assert from '../../support/assert.ts';
import { suite } from '../../support/suite.ts';

const FILE = '/etc/p2s/serve.yaml';

function problemOf(text: string): string {
  try {
    parseConfig(text, FILE);
  } catch (thrown) {
    assert.ok(thrown instanceof TypeError);
    return thrown.message;
  }
  throw new Error('was taken');
}

suite('parseConfig', (test) => {
  test('reads sources and settings; files are relative to the configuration', () => {
    const text = `
model: ./models/mine
device: cpu
detect: { conf: 0.4, classes: [person, car], reuse: exact, budgetMs: 20 }
server:
  port: 0
sources:
  - name: door
    source: rtsp://me:secret@10.0.0.7/live   # stays as it is
    stallSeconds: 2.5
  - name: yard
    source: clips/yard.mp4
    loop: true
    stride: 2
`;

    assert.equal(parseConfig(text, FILE), {
      model: '/etc/p2s/models/mine',
      device: 'cpu',
      detect: { conf: 0.4, classes: ['person', 'car'], reuse: 'exact', budgetMs: 20 },
      server: { port: 0 },
      sources: [
        { name: 'door', source: 'rtsp://me:secret@10.0.0.7/live', stallSeconds: 2.5 },
        { name: 'yard', source: '/etc/p2s/clips/yard.mp4', loop: true, stride: 2 },
      ],
    });
    assert.equal(parseConfig('{}', FILE), {});
    assert.equal(parseConfig('sources: []', FILE), { sources: [] });
  });

  test('takes passwords and addresses from the environment', () => {
    const text = `sources:
  - { name: a, source: "rtsp://me:\${PASSWORD}@10.0.0.7/live" }
  - { name: b, source: "\${STREET}" }`;
    const sourcesOf = (environment: Record<string, string>): (string | undefined)[] =>
      (parseConfig(text, FILE, environment).sources ?? []).map(({ source }) => source);

    assert.equal(sourcesOf({ PASSWORD: 'a/b@c', STREET: 'udp://239.0.0.1:5000' }), [
      'rtsp://me:a%2Fb%40c@10.0.0.7/live',
      'udp://239.0.0.1:5000',
    ]);
    const [a, b] =
      parseConfig(text, FILE, { PASSWORD: 'a/b@c', STREET: 'udp://h:1' }).sources ?? [];
    assert.equal(a?.secrets, ['a/b@c'], 'told to nobody, wherever in the address it stands');
    assert.is(b?.secrets, undefined, 'the address as a whole is no secret');
    assert.throws(
      () => sourcesOf({ STREET: 'x' }),
      /^.*serve.yaml, line 2: There is no variable PASSWORD in the environment/,
    );
  });

  const wrong: readonly (readonly [string, number, RegExp])[] = [
    [
      'tokens:\n  - { token: hush }',
      1,
      /`tokens` of the configuration to be a list, each(?!.*hush)/,
    ],
    [
      'zones:\n  gate: { points: [[0, 0], [1, 2], [1, 1]] }',
      1,
      /`zones`.*zones by name.*3 `points`/,
    ],
    ['sources:\n  - name: a\n    source: x\n    strid: 2', 4, /`strid` of source `a`.*`stride`/],
    ['sources:\n  - name: a\n    source: x\n    stride: 0', 4, /`stride` of source `a`.*>= 1.*`0`/],
    ['sources:\n  - name: b\n    source: y\n  - name: a', 4, /`source` of source `a`.*got nothing/],
    ['sources:\n  - source: x', 2, /`name` of source 1 .*1 to 128 characters, got nothing/],
    ['sources:\n- {name: a, source: x}\n- name: a\n  source: y', 3, /two sources named `a`/],
    ['sources:\n  - clip.mp4', 1, /`sources`.*a list, each with `name` and `source`/],
    ['model: nano\n\nsurces: []', 3, /`surces` of the configuration.*`sources`/],
    ['server:\n  port: 99999', 2, /`port` of `server`.*from 0 to 65535.*`99999`/],
    ['server:\n  manage: maybe', 2, /`manage`.*true or false.*"maybe"/],
    ['detect:\n  conf: 0.5\n  reuse: tolerent', 3, /`reuse` of `detect`.*tolerant, off/],
    ['detect:\n  task: [segment, poses]', 2, /`task` of `detect`.*a list of detect, segment, pose/],
    [
      'detect:\n  conf: 0.5\n  minScore: 0.5',
      2,
      /`conf` is another name of `minScore`; leave one of them out/,
    ],
    ['detect:\n  minscore: 0.5', 2, /`minscore` of `detect`; did you mean `minScore`\?/],
    [
      'detect:\n  motion:\n    maxstillseconds: 3',
      3,
      /`maxstillseconds` of `motion`; did you mean `maxStillSeconds`\?/,
    ],
    ['detect:\n  motion:\n    threshold: 0', 3, /`threshold` of `motion` to be a number > 0/],
    ['detect:\n  motion: 3', 2, /`motion` of `detect` to be true, false or settings: threshold,/],
    ['detect:\n  budgetMs: -1', 2, /`budgetMs` of `detect` to be a number of milliseconds >= 0/],
    ['device: gpu', 1, /`device`.*cuda.*"gpu"/],
    ['model: a\nmodel: b', 2, /not YAML.*unique/],
    ['sources:\n  - name: "a', 2, /not YAML/],
    ['model: *mine', 1, /alias/],
    ['', 1, /Expected settings such as `sources:`/],
    ['- a', 1, /Expected settings such as `sources:`/],
  ];
  for (const [text, line, message] of wrong) {
    test(`says in which line ${JSON.stringify(text)} is wrong`, () => {
      const problem = problemOf(text);

      assert.ok(problem.startsWith(`${FILE}, line ${line}: `), problem);
      assert.match(problem, message);
      assert.not.match(problem, /\n/);
    });
  }

  test('repeats no address, which may hold a password that was cut short', () => {
    const long = `rtsp://me:${'secret'.repeat(20)}@cam/1`;

    assert.not.match(problemOf(`sources:\n  - {name: a, source: [${long}]}`), /secret/);
    assert.not.match(problemOf(`sources: ${long}`), /secret/);
  });
});

/** Notes what is asked of it. */
function notebook(names: readonly string[]): PipelineSources & { readonly notes: string[] } {
  const there = new Set(names);
  const notes: string[] = [];
  const counts = { frames: 0, delivered: 0, dropped: {}, errors: 0, inFlight: 0 };
  const report = (name: string) =>
    ({ name, source: '', state: 'online', reason: '', isRunning: true, counts }) as const;
  return {
    notes,
    add({ name }) {
      if (there.has(name)) {
        throw new RangeError(`${name} again`);
      }
      there.add(name);
      notes.push(`add ${name}`);
    },
    remove(name) {
      there.delete(name);
      notes.push(`remove ${name}`);
      return report(name);
    },
    pause: (name) => void notes.push(`pause ${name}`),
    resume: (name) => void notes.push(`resume ${name}`),
    list: () => [...there].map(report),
  };
}

suite('applySources', (test) => {
  const source = (name: string, more: Partial<ConfigSource> = {}): ConfigSource => ({
    name,
    source: `${name}.mp4`,
    ...more,
  });

  test('touches only what an edit changes', () => {
    const before = ['same', 'gone', 'other', 'halt', 'go'].map((name) => source(name));
    before[4] = source('go', { paused: true });
    const after = [
      source('new'),
      source('same'),
      source('other', { stride: 2 }),
      source('halt', { paused: true }),
      source('go'),
    ];
    const sources = notebook(before.map(({ name }) => name));

    const { done, faults } = applySources(sources, before, after);

    const expected = 'remove gone|add new|remove other|add other|pause halt|resume go';
    assert.equal(sources.notes, expected.split('|'));
    assert.equal(done, ['removed gone', 'added new', 'changed other', 'paused halt', 'resumed go']);
    assert.equal(faults, []);
  });

  test('leaves alone what was changed by other means, and tells what cannot be done', () => {
    const sources = notebook(['mine']);
    const before = [source('gone'), source('same')];
    const after = [source('same'), source('mine'), source('last')];

    const { done, faults } = applySources(sources, before, after);

    assert.equal(done, ['added last']);
    assert.equal(faults, ['mine could not be added: mine again']);
    assert.equal(sources.notes, ['add last']);
  });

  test('names the settings that need a restart', () => {
    const before = { model: 'a', server: { port: 1 }, detect: { conf: 0.3 }, sources: [] };
    const after = { server: { port: 2 }, detect: { conf: 0.3 }, batch: 2 };

    assert.equal(changedSettings(before, after), ['model', 'server', 'batch']);
  });
});
