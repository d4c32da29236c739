const KEY = 'pix2seq-stream.token';

/**
 * @returns the token of this tab; one in the address (`#token=…`, which no server ever sees) leaves the address first
 */
export function readToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) {
    storeToken(token);
    history.replaceState(null, '', location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

/** Keeps a token for this tab. */
export function storeToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/** Headers of a request with the page's token, where it has one. */
export function authorization(): Record<string, string> {
  const token = readToken();
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

/**
 * Subprotocols to offer: the token among them, where the page has one, since a page can send no header.
 * Source: `TOKEN_PROTOCOL` of `access.ts`.
 */
export function protocols(): string[] {
  const token = readToken();
  if (token === null) {
    return [];
  }
  const bytes = String.fromCharCode(...new TextEncoder().encode(token)); // btoa knows Latin-1 only
  const encoded = btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return ['pix2seq-stream.v1.json', `pix2seq-stream.token.${encoded}`];
}
