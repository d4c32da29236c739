import type { IncomingMessage } from 'node:http';

/**
 * Reads what a request asks for, also where it names the server before the path, as to a proxy; the host in it means
 * nothing.
 * @returns undefined where the target is no path
 */
export function urlOf({ url = '' }: IncomingMessage): URL | undefined {
  const whole = url.startsWith('/') ? `http://localhost${url}` : url;
  return /^https?:/i.test(whole) && URL.canParse(whole) ? new URL(whole) : undefined;
}
