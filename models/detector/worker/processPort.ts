import { fork } from 'node:child_process';
import { once } from 'node:events';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { siblingModule } from '../../core/siblingModule.ts';
import type { Reply, WorkerStart } from './messages.ts';
import type { WorkerListener, WorkerPort } from './workerPort.ts';

/**
 * Starts a worker in a process of its own, which can be ended whatever it does, and whose memory goes
 * back with it. A picture is copied on its way there, which takes about a millisecond. The process ends
 * with this one, also where this one is killed.
 */
export function startProcess(start: WorkerStart): WorkerPort {
  const module = fileURLToPath(siblingModule(import.meta.url, './detectorProcess'));
  const child = fork(module, [JSON.stringify(start)], {
    serialization: 'advanced', // typed arrays
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'], // what the library has to say goes to stderr
  });
  if (child.pid !== undefined) {
    lowerPriority(child.pid);
  }
  let listener: WorkerListener | undefined;
  child.on('message', (said) => listener?.reply(said as Reply));
  const ended = new Promise<void>((resolve) => {
    const lose = (how: string, cause?: unknown): void => {
      listener?.lost(how, cause);
      resolve();
    };
    child.on(
      'error',
      (cause) => child.pid === undefined && lose(`failed: ${cause.message}`, cause),
    );
    // the last answers may come after the exit, and are there before the line closes
    Promise.all([once(child, 'exit'), once(child, 'disconnect')]).then(
      ([[code, signal]]) => lose(`ended with ${signal === null ? `code ${code}` : signal}`),
      () => {}, // told as `error`
    );
  });
  return {
    listen: (one) => (listener = one),
    post: (request) => {
      if (child.connected) {
        child.send(request, () => {}); // what fails here is told when the process ends
      }
    },
    keepAlive: (isWanted) => {
      const holds = isWanted ? 'ref' : 'unref';
      child[holds]();
      child.channel?.[holds]();
    },
    kill: () => void child.kill('SIGKILL'),
    ended,
  };
}

/**
 * Lets everything else go first. The model takes whatever time the cores have; what decodes video and hands
 * results on needs little, but at once.
 */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // it has ended already, which is told elsewhere; or the system has no priorities
  }
}
