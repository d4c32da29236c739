/** Opens a detector, reads two pictures, the second without waiting, and never closes it: `forgetClose.ts DOOR MODEL`. */
import { openDetector, openSupervisedDetector } from '../../../models/index.ts';

const [door, model = ''] = process.argv.slice(2);
const detector = await (door === 'process' ? openSupervisedDetector : openDetector)({ model });
const picture = new Uint8Array(detector.model.image.size ** 2 * 3);

async function read(): Promise<void> {
  const features = await detector.encode(picture);
  const { tokens } = await detector.decode(features);
  process.stdout.write(`${tokens.length} tokens\n`);
}

await read();
void read();
