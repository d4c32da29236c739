import type { SourceInfo, SourceStatus } from '../protocol/messages.ts';

/** Sources that are kept at most: one more, and the first of those that ended goes. */
const MAX_SOURCES = 1_000;

/**
 * Brings a list of sources up to date with one piece of news.
 * @returns the same list where nothing changed, else a new one
 */
export function withStatus(
  sources: readonly SourceInfo[],
  { source, state, reason }: SourceStatus,
): readonly SourceInfo[] {
  const known = sources.find(({ name }) => name === source);
  if (known?.state === state && (known.reason ?? '') === reason) {
    return sources;
  }
  const { reason: _, ...rest } = known ?? { name: source };
  const now: SourceInfo = { ...rest, state, ...(reason === '' ? {} : { reason }) };
  if (known !== undefined) {
    return sources.map((one) => (one === known ? now : one));
  }
  const ended =
    sources.length < MAX_SOURCES
      ? -1
      : Math.max(
          0,
          sources.findIndex((one) => one.state === 'ended'),
        );
  return [...sources.filter((_, i) => i !== ended), now];
}
