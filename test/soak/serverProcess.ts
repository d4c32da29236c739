/**
 * The process that is soaked: the pipeline and its server, and nothing else, so that memory, handles and
 * children are theirs. It is told what to do by the process that forked it, and ends with it.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createPipeline } from '../../pipeline/index.ts';
import type { FrameCounts } from '../../server/index.ts';
import { addCounts, isEven, NO_COUNTS } from './serverMessages.ts';
import type { ServerFigures, ServerReply, ServerRequest, ServerStart } from './serverMessages.ts';

const NANOSECONDS = 1e6; // of a millisecond

process.on('SIGINT', () => undefined); // a terminal's Ctrl-C is for the soak, which then asks for the end
process.on('disconnect', () => process.exit(1)); // the soak is gone

const { sources } = JSON.parse(process.argv[2] ?? '') as ServerStart;
const delays = monitorEventLoopDelay({ resolution: 10 });
delays.enable();
// Of sources that are gone.
let past: FrameCounts = NO_COUNTS;
const uneven = new Set<string>();

const pipeline = await createPipeline({
  sources,
  manage: true,
  server: { port: 0 },
  onRemoved({ name, counts }) {
    past = addCounts(past, counts);
    if (!isEven(counts) || counts.inFlight > 0) {
      uneven.add(name);
    }
  },
});

function figures(): ServerFigures {
  const reports = pipeline.sources.list();
  for (const { name, counts } of reports) {
    if (!isEven(counts)) {
      uneven.add(name);
    }
  }
  const resources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    resources[kind] = (resources[kind] ?? 0) + 1;
  }
  const loopDelayMs = {
    p99: delays.percentile(99) / NANOSECONDS,
    max: delays.max / NANOSECONDS,
  };
  delays.reset();
  const { rss, heapUsed } = process.memoryUsage();
  const counts = reports.reduce((sum, report) => addCounts(sum, report.counts), past);
  const stats = pipeline.server.stats();
  const facts = { rssBytes: rss, heapBytes: heapUsed, resources, loopDelayMs };
  return { ...facts, counts, uneven: [...uneven], stats };
}

function say(reply: ServerReply): void {
  process.send?.(reply);
}

process.on('message', (request: ServerRequest) => {
  if (request === 'figures') {
    say({ say: 'figures', figures: figures() });
  } else {
    // it ends when nothing is left open, and is counted as hanging where it does not
    void pipeline.close().then(() => {
      delays.disable();
      say({ say: 'figures', figures: figures() });
      process.removeAllListeners('disconnect');
      process.disconnect();
    });
  }
});
say({ say: 'ready', url: pipeline.server.url });
