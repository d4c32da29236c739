/**
 * `npm run fanout`: what it costs to hand each frame to many subscribers, against a bare loop over ws sockets
 * that sends the same bytes, in turn, in one run.
 *
 *     npm run fanout -- [--subscribers 1000] [--stalled 0] [--rate 30] [--seconds 5] [--rounds 5]
 *                       [--minutes 0] [--delay] [--compress]
 *
 * `--delay` measures the time to the reader instead, which needs few subscribers; `--minutes` goes on sending
 * for so long, for a look at the memory.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { expectInteger, expectNumber } from '../../models/core/validate.ts';
import { percentile } from '../../pipeline/cli/bench/numbers.ts';
import type {
  FanoutKind,
  FanoutPorts,
  FanoutReply,
  FanoutRequest,
  ReadersReply,
  ReadersRequest,
} from './fanoutMessages.ts';

const KINDS: readonly FanoutKind[] = ['server', 'bare'];
const { values } = parseArgs({
  options: {
    subscribers: { type: 'string', default: '1000' },
    stalled: { type: 'string', default: '0' },
    rate: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '5' },
    rounds: { type: 'string', default: '5' },
    minutes: { type: 'string', default: '0' },
    delay: { type: 'boolean', default: false },
    compress: { type: 'boolean', default: false },
  },
});
const numSubscribers = expectInteger('subscribers', Number(values.subscribers), { min: 1 });
const numStalled = expectInteger('stalled', Number(values.stalled), { min: 0 });
const rate = expectInteger('rate', Number(values.rate), { min: 1 });
const seconds = expectNumber('seconds', Number(values.seconds), { above: 0 });
const rounds = expectInteger('rounds', Number(values.rounds), { min: 1 });
const minutes = expectNumber('minutes', Number(values.minutes), { min: 0 });
const { delay: isTimed, compress } = values;

function start(program: string, settings: object): ChildProcess {
  const child = fork(fileURLToPath(new URL(program, import.meta.url)), [JSON.stringify(settings)], {
    execArgv: ['--import', new URL('../support/typescript.mjs', import.meta.url).href],
  });
  process.on('exit', () => child.kill('SIGKILL'));
  return child;
}

async function ask<T>(child: ChildProcess, request: object | string): Promise<T> {
  const answered = once(child, 'message') as Promise<[T]>;
  child.send(request);
  const [answer] = await answered;
  return answer;
}

const server = start('./fanoutServer.ts', { compress, rate });
const readers = start('./fanoutReaders.ts', {});
const [ports] = (await once(server, 'message')) as [FanoutPorts];
for (const kind of KINDS) {
  const path = kind === 'server' ? '/v1' : '/';
  const numReading = numSubscribers - numStalled;
  const request: ReadersRequest = { port: ports[kind], path, numReading, numStalled, isTimed };
  await ask(readers, request);
}

const send = (kind: FanoutKind, time: number): Promise<FanoutReply> =>
  ask(server, { kind, seconds: time } satisfies FanoutRequest);
const report = (): Promise<ReadersReply> => ask(readers, 'report');

const shares: Record<FanoutKind, number[]> = { server: [], bare: [] };
const delays: Record<FanoutKind, number[]> = { server: [], bare: [] };
for (const kind of KINDS) {
  await send(kind, 1); // warm
}
await report();
for (let round = 0; round < rounds; round++) {
  for (const kind of round % 2 === 0 ? KINDS : KINDS.toReversed()) {
    const { cpuShare } = await send(kind, seconds);
    const { numMessages, delaysMs } = await report();
    shares[kind].push(cpuShare);
    delays[kind].push(...delaysMs);
    process.stderr.write(
      `fanout: ${kind}, ${(100 * cpuShare).toFixed(1)} % CPU, ${numMessages} read\n`,
    );
  }
}
const ratios = shares.server.map((share, i) => share / (shares.bare[i] ?? NaN));
const percent = (list: readonly number[]): string =>
  `${(100 * percentile(list, 0.5)).toFixed(1)} %`;
const ms = (list: readonly number[]): string =>
  [0.5, 0.99].map((at) => percentile(list, at).toFixed(2)).join(' / ');
const rows = [
  ['subscribers, of which never read', `${numSubscribers}, ${numStalled}`],
  ['messages a second to each', String(rate)],
  [
    'CPU of the server process, median: this server / bare ws loop',
    `${percent(shares.server)} / ${percent(shares.bare)}`,
  ],
  [
    'this server ÷ bare loop, median of the rounds (range)',
    `${percentile(ratios, 0.5).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
  ],
];
if (isTimed) {
  rows.push(['hand-over to reading, ms, p50 / p99: this server', ms(delays.server)]);
  rows.push(['the same, bare loop', ms(delays.bare)]);
}
if (minutes > 0) {
  const first = await send('server', 60);
  let last = first;
  for (let minute = 1; minute < minutes; minute++) {
    last = await send('server', 60);
    process.stderr.write(`fanout: minute ${minute + 1}, ${(last.rssBytes / 1e6).toFixed(0)} MB\n`);
  }
  const memory = [first, last].map(({ rssBytes }) => (rssBytes / 1e6).toFixed(0)).join(' / ');
  rows.push([`resident memory, MB, after a minute / after ${minutes}`, memory]);
  rows.push(['bytes waiting for clients at the end', last.outboxBytes.toLocaleString('en')]);
}
process.stdout.write(
  [
    `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
    '',
    '| figure | value |',
    '| --- | ---: |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
  ].join('\n'),
);
process.exit(0);
