/** Opens the bundled model in its thread and ends, in a way that is named, while the encoder is at work. */
import { setTimeout as delay } from 'node:timers/promises';
import { openDetector } from '../../../models/index.ts';

const ways: Readonly<Record<string, () => void>> = {
  exit: () => process.exit(7),
  error: () => {
    setImmediate(() => {
      throw new Error('nobody expected this');
    });
  },
  rejection: () => void Promise.reject(new Error('nobody expected this')),
};

const detector = await openDetector({ device: 'cpu' });
const { size } = detector.model.image;
const image = new Uint8Array(size * size * 3);
const encodings = [1, 2, 3].map(() => detector.encode(image));
await encodings[0];
await delay(5); // well within the second one, which takes several times as long
ways[process.argv[2] ?? '']?.();
