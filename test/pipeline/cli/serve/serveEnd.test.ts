/** How `serve` ends: after those who are connected, or at once; and what it tells, for programs. */
import { once } from 'node:events';
import * as assert from '../../../support/assert.ts';
import { linesOf, startProgram } from '../../../support/program.ts';
import { TestClient } from '../../../support/sockets/sockets.ts';
import { END_TO_END_MS, suite } from '../../../support/suite.ts';

const LIMIT = { timeoutMs: END_TO_END_MS };

interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg: string;
  readonly url?: string;
  readonly source?: string;
  readonly counts?: { readonly frames: number; readonly delivered: number };
}

suite('serve, asked to end', (test) => {
  test(
    'serves on until the last client has gone, and tells it as JSON lines',
    async () => {
      const args = ['serve', '--port', '0', '--log', 'json', '--drain', '600'];
      await using program = startProgram(args);
      const { url } = JSON.parse(await program.line('stderr', /"url"/)) as Line;
      const client = new TestClient(`${url!.replace('http', 'ws')}v1`);
      await client.next('hello');
      await client.subscribe();
      await client.next('frame');
      program.kill('SIGTERM');
      await program.line('stderr', /"msg":"Closing when the clients \(1\) have gone/);
      const ready = await fetch(`${url}readyz`);
      assert.equal([ready.status, await ready.text()], [503, 'the server is closing']);
      const { seq } = await client.next('frame');
      while ((await client.next('frame')).seq < seq + 3) {
        // the detector goes on
      }
      client.socket.close();
      await once(client.socket, 'close');

      const { code, stderr } = await program.ended;
      assert.is(code, 0, stderr);
      const lines = linesOf(stderr).map((line) => JSON.parse(line) as Line);
      assert.ok(lines.every(({ level, time }) => level === 30 && !Number.isNaN(Date.parse(time))));
      assert.ok(lines.some(({ msg, source }) => msg === 'campus: online' && source === 'campus'));
      const { counts } = lines.at(-1)!;
      assert.ok((counts?.delivered ?? 0) > 3 && counts!.frames >= counts!.delivered, stderr);
    },
    LIMIT,
  );

  test(
    'ends at once when it is asked twice',
    async () => {
      await using program = startProgram(['serve', '--port', '0', '--drain', '600']);
      const line = await program.line('stderr', /^Look at /);
      await using client = new TestClient(`${/http(:\S+\/)/.exec(line)![1]!.replace(/^/, 'ws')}v1`);
      await client.next('hello');
      await client.subscribe();
      program.kill('SIGTERM');
      await program.line('stderr', /^Closing when/);
      program.kill('SIGTERM');
      assert.is((await program.ended).code, 130);
    },
    LIMIT,
  );
});
