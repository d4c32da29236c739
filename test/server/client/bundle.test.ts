import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import * as assert from '../../support/assert.ts';
import { ROOT } from '../../support/sourceFiles.ts';
import { suite } from '../../support/suite.ts';

/** Size that the client may have in a page, bytes after gzip, without rxjs. */
const MAX_GZIP_BYTES = 6_000;
/** What may be in it. */
const ALLOWED =
  /^(server\/client\/|models\/core\/(address|errors|range|validate)\.ts$|node_modules\/fastest-levenshtein\/)/;

suite('the client in a page', (test) => {
  test('is small, and has nothing of Node or the server in it', async () => {
    // For browsers, where an import of anything of Node's is an error.
    const { metafile, outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ['server/client/index.ts'],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      external: ['rxjs'],
      metafile: true,
      write: false,
    });

    const inputs = Object.keys(metafile.inputs);
    assert.equal(
      inputs.filter((path) => !ALLOWED.test(path)),
      [],
    );
    assert.ok(inputs.includes('server/client/link.ts'));
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
    assert.equal([...new Set(imports.map(({ path }) => path))], ['rxjs']);
    const numBytes = gzipSync(outputFiles[0]!.contents).byteLength;
    assert.ok(numBytes < MAX_GZIP_BYTES, `${numBytes} bytes`);
  });
});
