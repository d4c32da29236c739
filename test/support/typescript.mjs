// Lets Node run TypeScript in this thread and, being inherited through --import, in worker threads,
// where tsx 4 on Node 20 does not reach by itself.
import { register } from 'tsx/esm/api';

register();
