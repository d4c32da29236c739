import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawnGuarded } from '../../../../operators/media/native/guardedChild.ts';
import * as assert from '../../../support/assert.ts';
import { MODEL_TEST_MS, suite } from '../../../support/suite.ts';
import { openTcpCamera } from '../../../support/media/cameras.ts';
import { until } from '../../../support/media/clips.ts';
import { decodersOf, watchLiveSource } from '../../../support/media/liveWatch.ts';
import { playing } from '../../../support/media/playing.ts';

const LOADER = new URL('../../../support/typescript.mjs', import.meta.url).href;

/** Arguments of Node for one of the tests' programs. */
function program(name: string): readonly string[] {
  return [
    '--import',
    LOADER,
    fileURLToPath(new URL(`../../../support/programs/${name}`, import.meta.url)),
  ];
}

/** Numbers of the shells that are children of a process. */
function shellsOf(parent: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [, pid, ppid, state] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+\/bin\/sh\s/.exec(line) ?? [];
    return Number(ppid) === parent && state?.startsWith('Z') === false ? [Number(pid)] : [];
  });
}

suite('spawnGuarded', (declare) => {
  const test = playing(declare);

  test('tells by `error` that a program cannot be started', async () => {
    const { child, stop } = spawnGuarded('/no/such/program', []);

    const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];

    assert.is(error.code, 'ENOENT');
    stop();
    stop();
  });

  test.needs('ffmpeg', 'ps');

  test('ends a decoder whose guard was killed', async () => {
    await using camera = await openTcpCamera();
    const address = `tcp://127.0.0.1:${camera.port}`;
    const watch = watchLiveSource(address);
    await until(() => watch.frames.length > 0);
    camera.freeze();
    const shells = shellsOf(process.pid);
    assert.is(shells.length, 1);

    shells.forEach((pid) => process.kill(pid, 'SIGKILL'));
    watch.subscription.unsubscribe();

    await until(() => decodersOf(address).length === 0);
  });

  test('has one guard for all decoders, none for no decoder', async () => {
    const children = [1, 2, 3].map(() =>
      spawnGuarded(process.execPath, ['-e', 'setInterval(() => {}, 1e6)']),
    );
    await until(() => shellsOf(process.pid).length > 0);

    assert.is(shellsOf(process.pid).length, 1);
    children.forEach(({ stop }) => stop());

    await until(() => shellsOf(process.pid).length === 0);
  });

  test('replaces a guard that is killed, which ends the decoders with this process', async () => {
    await using camera = await openTcpCamera();
    const address = `tcp://127.0.0.1:${camera.port}`;
    const child = spawn(process.execPath, [...program('holdLive.ts'), address], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    camera.freeze();
    const [guard = 0] = shellsOf(child.pid ?? 0);
    process.kill(guard, 'SIGKILL');
    await until(() => shellsOf(child.pid ?? 0).some((pid) => pid !== guard));
    assert.is(decodersOf(address).length, 1);

    child.kill('SIGKILL');

    await until(() => decodersOf(address).length === 0);
  });
});

suite('fromLive, without descriptors', (declare) => {
  const test = playing(declare);
  test.needs('ffmpeg', 'ps', 'bash');

  test('goes offline where no decoder can be started, and comes back', async () => {
    const args = [process.execPath, ...program('withoutDescriptors.ts'), '322x182@10'];
    const child = spawn('bash', ['-c', 'ulimit -n 200; exec "$@"', 'bash', ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: MODEL_TEST_MS, // or it would play for ever, were it to come back another way
      killSignal: 'SIGKILL',
    });
    const states: string[] = [];
    child.stdout.on('data', (chunk) => states.push(...String(chunk).trim().split('\n')));

    const [code] = (await once(child, 'close')) as [number];

    assert.is(code, 0);
    assert.equal(
      states.map((line) => line.split(':')[0]),
      ['connecting', 'online', 'offline', 'offline', 'online'],
    );
    assert.match(states[3] ?? '', /ffmpeg EMFILE/);
  });
});
