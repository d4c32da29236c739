/** Ends a wait for another program that says nothing any more. */
export interface SilenceWatch {
  /** It gave a sign of life. */
  onHeartbeat(): void;
  /** Waits no longer. Idempotent. */
  stop(): void;
}

/** What is waited for, and how long. */
export interface SilenceWatchOptions {
  /** Longest silence, seconds, above 0; Infinity for any. */
  readonly seconds: number;
  /** Whether it is silent because nobody takes what it has: then it may be, for as long as that lasts. */
  readonly isHeldUp: () => boolean;
  /** Told once. */
  readonly onSilent: () => void;
}

/** Watches a program that has to give a sign now and then. */
export function watchSilence({ seconds, isHeldUp, onSilent }: SilenceWatchOptions): SilenceWatch {
  let lastHeartbeatMs = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const wait = (ms: number): void => {
    timer = setTimeout(() => {
      lastHeartbeatMs = isHeldUp() ? performance.now() : lastHeartbeatMs;
      const leftMs = lastHeartbeatMs + seconds * 1_000 - performance.now();
      if (leftMs > 0) {
        wait(leftMs);
      } else {
        onSilent();
      }
    }, ms);
  };
  if (seconds < Infinity) {
    wait(seconds * 1_000);
  }
  return {
    onHeartbeat: () => void (lastHeartbeatMs = performance.now()),
    stop: () => clearTimeout(timer),
  };
}
