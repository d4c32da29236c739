/** `npm run docs:check`: every exported thing has a doc block right above it. */
import { sourceFiles } from './sourceFiles.ts';

const EXPORT = /^export (?:async )?(?:abstract )?(?:function|class|interface|type|const) (\w+)/;
const RE_EXPORT = /^export (?:type )?(?:\{|\*)/;

const problems: string[] = [];
let numExports = 0;
for (const { path, text } of sourceFiles(['models', 'operators', 'pipeline', 'server'])) {
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    const name = RE_EXPORT.test(line) ? undefined : EXPORT.exec(line)?.[1];
    if (name !== undefined) {
      numExports += 1;
      if (!(lines[i - 1] ?? '').trimEnd().endsWith('*/')) {
        problems.push(`${path}:${i + 1} ${name} has no doc block`);
      }
    }
  }
}
process.stdout.write(
  `${[...problems, `${numExports} exports, ${problems.length} undocumented`].join('\n')}\n`,
);
process.exitCode = problems.length > 0 || numExports === 0 ? 1 : 0;
