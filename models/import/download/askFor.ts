import { decoded } from '../../core/address.ts';
import { PipelineError } from '../../core/errors.ts';

/** How often a server may send a request somewhere else. */
const MAX_REDIRECTS = 5;
const REDIRECTS: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Asks a web server for a file, and goes where it sends the request, a few times. User and password are for the server
 * of the address only.
 * @param url may have user and password
 * @throws PipelineError ERR_DOWNLOAD where it is sent in circles, or to what is no web server; Error of `fetch`
 */
export async function askFor(
  url: string,
  { headers, signal }: { readonly headers: object; readonly signal: AbortSignal },
): Promise<Response> {
  const { address, login } = readUrl(url);
  let at = address;
  for (let numRedirects = 0; numRedirects <= MAX_REDIRECTS; numRedirects++) {
    const own = at.origin === address.origin ? login : {};
    const response = await fetch(at, {
      headers: { ...headers, ...own },
      signal,
      redirect: 'manual',
    });
    if (!REDIRECTS.includes(response.status)) {
      return response;
    }
    await response.body?.cancel();
    const to = response.headers.get('location') ?? '';
    if (!URL.canParse(to, at) || !/^https?:$/.test(new URL(to, at).protocol)) {
      throw refused(url, 'the server sends the request to what is no web server');
    }
    at = new URL(to, at);
  }
  throw refused(
    url,
    `the server sends the request somewhere else more than ${MAX_REDIRECTS} times`,
  );
}

function refused(url: string, fact: string): PipelineError {
  return new PipelineError('ERR_DOWNLOAD', `Cannot download ${url}: ${fact}`);
}

/** Takes user and password out of an address, since `fetch` refuses one that has them. */
function readUrl(url: string): { readonly address: URL; readonly login: object } {
  const address = new URL(url);
  const { username, password } = address;
  address.username = '';
  address.password = '';
  const words = Buffer.from(decoded(`${username}:${password}`)).toString('base64');
  const login = username === '' && password === '' ? {} : { Authorization: `Basic ${words}` };
  return { address, login };
}
