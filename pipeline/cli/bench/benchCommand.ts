import { cpus } from 'node:os';
import { basename } from 'node:path';
import { openDetector } from '../../../models/index.ts';
import { EXIT } from '../output/exitCodes.ts';
import { printReport } from '../../sinks/lineWriter.ts';
import { DEMO_CLIP } from '../../run/openSource.ts';
import { say } from '../output/standardError.ts';
import type { BenchArguments } from '../options/benchOptions.ts';
import { callCost } from './callCost.ts';
import type { CallCost } from './callCost.ts';
import { measureMemory } from './memory.ts';
import type { MemoryFigures } from './memory.ts';
import { reuseTable, speedTable } from './report.ts';
import { measureReuse } from './reuse.ts';
import type { ReuseFigures } from './reuse.ts';
import { measureSpeed } from './speed.ts';
import type { SpeedFigures } from './speed.ts';

/** Everything that was measured. */
export interface BenchReport {
  readonly machine: string;
  readonly date: string;
  readonly speed: SpeedFigures;
  /** By clip. */
  readonly reuse: Readonly<Record<string, readonly ReuseFigures[]>>;
  readonly call: CallCost;
  readonly memory?: MemoryFigures;
}

/**
 * The `bench` command: the tables of the README, on the bundled model.
 * @returns the exit code
 */
export async function benchCommand(
  { clips, json, minutes, maxFrames }: BenchArguments,
  interrupt: AbortSignal,
): Promise<number> {
  const note = (text: string): void => say(`${text}\n`);
  // the memory first, while nothing else has used any
  const memory = minutes > 0 ? await measureMemory(minutes, note, interrupt) : undefined;
  const reuse: Record<string, readonly ReuseFigures[]> = {};
  {
    await using detector = await openDetector();
    for (const clip of [DEMO_CLIP, ...clips]) {
      if (!interrupt.aborted) {
        note(`reuse: ${basename(clip)}`);
        reuse[basename(clip)] = await measureReuse(detector, clip, maxFrames, interrupt);
      }
    }
  }
  const [off] = reuse[basename(DEMO_CLIP)] ?? [];
  const speed = interrupt.aborted ? undefined : await measureSpeed(note, interrupt);
  if (interrupt.aborted || speed === undefined || off === undefined) {
    return EXIT.interrupted;
  }
  const report: BenchReport = {
    machine: `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Node ${process.version}`,
    date: new Date().toISOString().slice(0, 10),
    speed,
    reuse,
    call: await callCost(off),
    ...(memory === undefined ? {} : { memory }),
  };
  printReport(json ? JSON.stringify(report) : `${speedTable(report)}\n${reuseTable(reuse)}`);
  return EXIT.done;
}
