// Lets Node 20 run this project's TypeScript, in this thread and, being inherited through --import, in
// worker threads and programs. Of tsx, which does this too, every one of them would have to wait for
// the start of a compiler: 2 seconds each, which is most of what the tests would take.
import { register } from 'node:module';

process.setSourceMapsEnabled(true);
register('./typescriptLoader.mjs', import.meta.url);
