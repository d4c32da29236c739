/** What a subscriber that reads everything finds. */
import { WebSocket } from 'ws';
import { connect } from '../../server/client/index.ts';
import type { Gap, SubscriptionMessage } from '../../server/client/index.ts';
import type { FrameMessage, StatusMessage } from '../../server/index.ts';

/** What is kept of a delivered frame. */
export interface SeenFrame {
  /** Receipt less capture, milliseconds. */
  readonly ageMs: number;
  readonly queueMs: number;
  /** Its own computation: encoder and tokens. */
  readonly computeMs: number;
}

/** What a reader has found so far. */
export interface ReaderFindings {
  numFrames: number;
  numGaps: number;
  /** Frames that a `gap` announced as missing. */
  numAnnounced: number;
  /** Frames that are missing without one. */
  numUnannounced: number;
  /** Times a source was `online` again. */
  numReturns: number;
  /** Longest time between two frames of one healthy camera, milliseconds. */
  longestSilenceMs: number;
  /** Why the connection was lost, where it was before the run was over; the client makes it anew. */
  failure: string | undefined;
}

/** What a reader is told to do. */
export interface ReaderConfig {
  readonly url: string;
  readonly policy: 'latest' | 'all';
  /** Whether a source never fails by itself. */
  readonly isHealthy: (source: string) => boolean;
  readonly onFrame?: (frame: FrameMessage, seen: SeenFrame) => void;
}

/** A reader at work. */
export interface Reader {
  readonly findings: ReaderFindings;
  close(): void;
}

/** Subscribes to all sources and reads whatever comes. */
export function openReader({ url, policy, isHealthy, onFrame }: ReaderConfig): Reader {
  const findings: ReaderFindings = {
    ...{ numFrames: 0, numGaps: 0, numAnnounced: 0, numUnannounced: 0, numReturns: 0 },
    ...{ longestSilenceMs: 0, failure: undefined },
  };
  const client = connect(url, { WebSocket });
  // By source: the number that comes next, and when the last frame came.
  const next = new Map<string, number>();
  const lastAtMs = new Map<string, number>();
  const onlineBefore = new Set<string>();
  let isClosed = false;

  const pass = (source: string, from: number, to: number): void => {
    const expected = next.get(source) ?? from;
    findings.numUnannounced += Math.max(0, from - expected);
    next.set(source, to + 1);
  };
  const takeFrame = (frame: FrameMessage): void => {
    const nowMs = Date.now();
    const { source, seq, capturedAt, timing } = frame;
    pass(source, seq, seq);
    findings.numFrames += 1;
    if (isHealthy(source)) {
      const silence = nowMs - (lastAtMs.get(source) ?? nowMs);
      findings.longestSilenceMs = Math.max(findings.longestSilenceMs, silence);
      lastAtMs.set(source, nowMs);
    }
    const { queueMs, encodeMs, tokensMs } = timing;
    onFrame?.(frame, { ageMs: nowMs - capturedAt, queueMs, computeMs: encodeMs + tokensMs });
  };
  const takeGap = ({ source, from, to, cause }: Gap): void => {
    if (cause === 'lost') {
      return; // nobody announced it: the frame behind it shows what is missing
    }
    findings.numGaps += 1;
    if (cause === 'slow') {
      findings.numAnnounced += to - from + 1;
      pass(source, from, to);
    }
  };
  const take = (message: SubscriptionMessage): void => {
    if (message.type === 'frame') {
      takeFrame(message);
    } else if (message.type === 'gap') {
      takeGap(message);
    }
  };
  const takeStatus = ({ source, state }: StatusMessage): void => {
    if (state === 'online') {
      findings.numReturns += onlineBefore.has(source) ? 1 : 0;
      onlineBefore.add(source);
    }
  };
  const fail = (why: string): void => {
    findings.failure ??= isClosed ? undefined : why;
  };
  client.state$.subscribe((now) => (now.state === 'waiting' ? fail(now.error.message) : undefined));
  client.messages({ policy }).subscribe({
    next: take,
    error: (error: Error) => fail(error.message),
  });
  client.status$.subscribe({ next: takeStatus, error: () => undefined }); // told above
  return {
    findings,
    close() {
      isClosed = true;
      client.close();
    },
  };
}
