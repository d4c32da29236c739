/** Opens a supervised detector, says the number of its process, and lives on. */
import { openWatched } from '../models/workerProcesses.ts';

const { processes } = await openWatched();
process.send?.(processes.newest.pid);
