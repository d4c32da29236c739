/**
 * The address of a module beside another one, for starting a worker: `.ts` when running from
 * source, `.js` when built.
 * @param base `import.meta.url` of the caller   @param name file name without extension
 */
export function siblingModule(base: string, name: string): URL {
  return new URL(`${name}${base.endsWith('.ts') ? '.ts' : '.js'}`, base);
}
