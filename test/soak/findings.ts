import type { BadFindings } from './badSubscribers.ts';
import type { SoakCamera } from './cameras.ts';
import type { ChurnFindings } from './churn.ts';
import type { ReaderFindings, SeenFrame } from './reader.ts';
import { Recoveries } from './recoveries.ts';
import { isEven } from './serverMessages.ts';
import type { ServerFigures } from './serverMessages.ts';

/** What a soak is told. */
export interface SoakOptions {
  readonly minutes: number;
  readonly cameras: number;
  /** Of each camera. */
  readonly framesPerSecond: number;
  /** The same makes the same things happen, in the same order. */
  readonly seed: number;
  /** False where other programs share the machine. */
  readonly judgesTimes: boolean;
}

/** What is found while a soak runs. */
export class Findings {
  readonly options: SoakOptions;
  /** Names of the cameras that never fail. */
  readonly healthy: ReadonlySet<string>;
  /** Of the healthy cameras. */
  readonly frames: SeenFrame[] = [];
  readonly readers: ReaderFindings[] = [];
  readonly recoveries: Recoveries = new Recoveries();
  readonly bad: BadFindings = { numStalled: 0, numGivenUp: 0, numVisits: 0 };
  readonly churn: ChurnFindings = { numDone: 0, refusals: [] };
  /** What must not be. */
  readonly faults: string[] = [];
  numDetectorKills = 0;
  /** The latest of the server's process. */
  figures: ServerFigures | undefined;

  constructor(options: SoakOptions, cameras: readonly SoakCamera[]) {
    this.options = options;
    const steady = cameras.filter(({ isFlapping }) => !isFlapping);
    this.healthy = new Set(steady.map(({ name }) => name));
  }

  /** Takes note of what must not be. */
  fail(what: string): void {
    this.faults.push(what);
  }

  /** Takes the server's last figures. @param hasEnded whether its process ended by itself then */
  end(figures: ServerFigures, hasEnded: boolean): void {
    this.figures = figures;
    if (!isEven(figures.counts)) {
      this.fail('frames in are not the sum of what became of them');
    }
    if (figures.counts.inFlight > 0) {
      this.fail(`${figures.counts.inFlight} frames are in flight after the end`);
    }
    if (!hasEnded) {
      this.fail('the server process did not end by itself after it was closed');
    }
  }
}
