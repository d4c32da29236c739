import { EMPTY, NEVER, Subject, defer, merge, of, take, tap, throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { inferLatest } from '../../../operators/flow/inferLatest.ts';
import { FairScheduler } from '../../../operators/flow/fairScheduler.ts';
import * as assert from '../../support/assert.ts';
import { marbles } from '../../support/marbles.ts';
import { suite } from '../../support/suite.ts';

suite('FairScheduler', (test) => {
  test('go one after the other, in the order of asking', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('      --a--|         ');
      const aSubs = '       ^----!         ';
      const b = cold('           b--|      ');
      const bSubs = '       -----^--!      ';
      const c = cold('              -c|    ');
      const cSubs = '       --------^-!    ';
      const turns = new FairScheduler();
      const asked = [a, b, c].map((work) => turns.schedule(() => work));

      expectObservable(merge(...asked)).toBe('--a--b---c|');
      expectSubscriptions(a.subscriptions).toBe(aSubs);
      expectSubscriptions(b.subscriptions).toBe(bSubs);
      expectSubscriptions(c.subscriptions).toBe(cSubs);
    });
  });

  test('go side by side as many as were allowed', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('      --a--|    ');
      const b = cold('      -b|       ');
      const c = cold('        ---c|   ');
      const cSubs = '       --^---!   ';
      const turns = new FairScheduler(2);
      const asked = [a, b, c].map((work) => turns.schedule(() => work));

      expectObservable(merge(...asked)).toBe('-ba--c|');
      expectSubscriptions(c.subscriptions).toBe(cSubs);
    });
  });

  test('pass to the next when one fails, and the failure to whom it concerns', () => {
    const told: string[] = [];
    const turns = new FairScheduler();
    const works: (() => Observable<string>)[] = [
      () => throwError(() => new Error('broken')),
      () => {
        throw new Error('thrown');
      },
      () => of('fine'),
    ];
    for (const work of works) {
      turns.schedule(work).subscribe({
        next: (value) => told.push(value),
        error: (error: Error) => told.push(error.message),
      });
    }

    assert.equal(told, ['broken', 'thrown', 'fine']);
  });

  test('pass to the next when the one whose turn it is leaves, and skip who has left', () => {
    const begun: string[] = [];
    const turns = new FairScheduler();
    const [first, second] = ['first', 'second', 'third'].map((name) =>
      turns.schedule(() => defer(() => (begun.push(name), NEVER))).subscribe(),
    );

    assert.equal(begun, ['first']);
    second?.unsubscribe();
    first?.unsubscribe();
    assert.equal(begun, ['first', 'third']);
  });

  test('end with a consumer that has enough', () => {
    const turns = new FairScheduler();
    const told: number[] = [];

    turns
      .schedule(() => of(1, 2, 3))
      .pipe(take(1))
      .subscribe((value) => told.push(value));
    turns.schedule(() => of(4)).subscribe((value) => told.push(value));

    assert.equal(told, [1, 4]);
  });

  test('go to whoever has the newest of the front half', () => {
    const begun: string[] = [];
    const turns = new FairScheduler();
    const gate$ = new Subject<void>();
    turns.schedule(() => gate$).subscribe();
    const ask = (name: string, newestAt: number): void => {
      const work = (): Observable<never> => (begun.push(name), EMPTY);
      turns.schedule(work, () => newestAt).subscribe();
    };
    ask('old', 1);
    ask('new', 3);
    ask('newer, at the back', 4);

    gate$.complete();

    assert.equal(begun, ['new', 'old', 'newer, at the back']);
  });

  test('come to a slow source among fast ones', () => {
    const begun: string[] = [];
    const turns = new FairScheduler();
    const running: Subject<void>[] = [];
    let clock = 0;
    const ask = (name: string, newestAt: () => number): void => {
      const work = (): Observable<void> => {
        begun.push(name);
        const gate$ = new Subject<void>();
        running.push(gate$);
        return gate$;
      };
      turns.schedule(work, newestAt).subscribe({ complete: () => ask(name, newestAt) });
    };
    ask('slow', () => 0); // its only frame grows old
    for (const name of ['a', 'b', 'c']) {
      ask(name, () => clock);
    }
    for (let i = 0; i < 40; i++) {
      clock += 1;
      running.shift()?.complete();
    }

    const share = begun.filter((name) => name === 'slow').length / begun.length;
    assert.ok(share > 1 / 8, begun.join(' '));
  });

  test('are of one at least', () => {
    assert.throws(() => new FairScheduler(0), /concurrent/);
  });
});

suite('inferLatest with turns', (test) => {
  test('takes the newest value when its turn comes, and hands the older ones over', () => {
    const dropped: string[] = [];
    const read: string[] = [];
    const turns = new FairScheduler();
    const other = new Subject<void>();
    const values = new Subject<string>();
    turns.schedule(() => other).subscribe();
    values
      .pipe(
        inferLatest((value) => of(value), {
          turns,
          onDropped: (value) => void dropped.push(value),
        }),
      )
      .subscribe((value) => read.push(value));

    for (const value of ['a', 'b', 'c']) {
      values.next(value);
    }
    assert.equal([read, dropped], [[], ['a', 'b']]);
    other.complete();
    assert.equal([read, dropped], [['c'], ['a', 'b']]);
    values.next('d');
    assert.equal(read, ['c', 'd']);
  });

  test('lets sources that never rest take turns', () => {
    const order: string[] = [];
    const turns = new FairScheduler();
    const inners = new Subject<void>();
    const sources = ['a', 'b', 'c'].map((name) => {
      const source = new Subject<number>();
      source
        .pipe(
          inferLatest(
            (value) =>
              inners.pipe(
                take(1),
                tap(() => order.push(`${name}${value}`)),
              ),
            {
              turns,
            },
          ),
        )
        .subscribe();
      return source;
    });

    for (let i = 0; i < 6; i++) {
      sources.forEach((source) => source.next(i));
      inners.next();
    }

    assert.equal(order, ['a0', 'b0', 'c1', 'a2', 'b3', 'c4']);
  });

  test('hands over what waits for its turn when the consumer leaves', () => {
    const dropped: string[] = [];
    const turns = new FairScheduler();
    turns.schedule(() => NEVER).subscribe();

    const values = new Subject<string>();
    const reading = values
      .pipe(inferLatest((value) => of(value), { turns, onDropped: (v) => void dropped.push(v) }))
      .subscribe();
    values.next('a');
    reading.unsubscribe();

    assert.equal(dropped, ['a']);
  });
});
