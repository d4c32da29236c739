/** How often is looked, milliseconds. */
const LOOK_MS = 500;

/**
 * Calls back when the shell is gone in which npm, npx, pnpm or yarn has started this program. They send SIGTERM to
 * that shell, which ends of it and tells nobody: without this the program would go on, with nobody to end it.
 * Nothing happens where the program was started otherwise, nor on Windows, which does not tell of it.
 */
export function watchPackageManager(onEnd: () => void): void {
  if (process.env['npm_config_user_agent'] === undefined) {
    return;
  }
  const shell = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid !== shell) {
      clearInterval(timer);
      onEnd();
    }
  }, LOOK_MS);
  timer.unref();
}
