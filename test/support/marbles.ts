import { inspect, isDeepStrictEqual } from 'node:util';
import { TestScheduler } from 'rxjs/testing';
import type { RunHelpers } from 'rxjs/testing';

/** End of virtual time, milliseconds: a timer that is left running must fail a test, not hang it. */
const MAX_VIRTUAL_MS = 60_000;

/**
 * Runs a marble test in virtual time; all expectations are checked before it returns.
 * @param work gets rxjs's `hot`, `cold`, `time`, `expectObservable`, `expectSubscriptions`
 */
export function marbles(work: (helpers: RunHelpers, scheduler: TestScheduler) => void): void {
  const scheduler = createTestScheduler();
  scheduler.run((helpers) => {
    scheduler.maxFrames = MAX_VIRTUAL_MS;
    work(helpers, scheduler);
  });
}

/**
 * Makes a `TestScheduler` that compares deeply, errors by name and message, and prints both sides.
 * uvu's own `equal` finds any two Errors equal, so that a wrong error would pass.
 */
export function createTestScheduler(): TestScheduler {
  return new TestScheduler((actual, expected) => {
    if (!isDeepStrictEqual(comparable(actual), comparable(expected))) {
      throw new Error(`Marbles differ\n  expected\n${show(expected)}\n  actual\n${show(actual)}`);
    }
  });
}

/** Copies plain objects and arrays with every Error in them replaced by its name and message. */
function comparable(value: unknown): unknown {
  if (value instanceof Error) {
    return { name: value.name, message: value.message };
  }
  if (Array.isArray(value)) {
    return value.map(comparable);
  }
  if (isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, comparable(item)]));
  }
  return value;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}

/** One line for each notification or subscription. */
function show(log: unknown): string {
  const lines = (Array.isArray(log) ? log : [log]).map((item) => `    ${showEntry(item)}`);
  return lines.length === 0 ? '    (nothing)' : lines.join('\n');
}

function showEntry(entry: unknown): string {
  const { frame, notification, subscribedFrame, unsubscribedFrame } = entry as {
    frame?: number;
    notification?: { kind: 'N' | 'E' | 'C'; value?: unknown; error?: unknown };
    subscribedFrame?: number;
    unsubscribedFrame?: number;
  };
  if (notification === undefined) {
    return `subscribed at ${subscribedFrame}, unsubscribed at ${unsubscribedFrame}`;
  }
  const { kind, value, error } = notification;
  const what = {
    N: () => `next ${inspect(comparable(value), { breakLength: Infinity, depth: 6 })}`,
    E: () => `error ${error instanceof Error ? String(error) : inspect(error)}`,
    C: () => 'complete',
  };
  return `${String(frame).padStart(4)}: ${what[kind]()}`;
}
