import { folderUrl } from '../../../../models/import/download/folderUrl.ts';
import * as assert from '../../../support/assert.ts';
import { suite } from '../../../support/suite.ts';

suite('folderUrl', (test) => {
  const FOLDER = 'pix2seq/coco_det_finetune/resnet_640x640';
  const PAGE = `https://console.cloud.google.com/storage/browser/${FOLDER}`;
  const read: readonly [string, string][] = [
    [`gs://${FOLDER}`, `https://storage.googleapis.com/${FOLDER}`],
    [`gs://${FOLDER}/`, `https://storage.googleapis.com/${FOLDER}`],
    [PAGE, `https://storage.googleapis.com/${FOLDER}`],
    [
      `${PAGE}/;tab=objects?prefix=&forceOnObjectsSortingFiltering=false`,
      `https://storage.googleapis.com/${FOLDER}`,
    ],
    ['http://127.0.0.1:80/run//', 'http://127.0.0.1:80/run'],
  ];
  for (const [url, address] of read) {
    test(`reads ${url} from where its files are`, () => {
      assert.is(folderUrl(url), address);
    });
  }

  for (const url of ['ftp://host/run', 'pix2seq/run', 'gs://', 'https://mirror/run?key=1']) {
    test(`refuses ${url}`, async () => {
      await assert.rejects(() => folderUrl(url), {
        name: 'RangeError',
        message: /Expected an address gs/,
      });
    });
  }
});
