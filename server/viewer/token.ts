const KEY = 'pix2seq-stream.token';

/** The token of the address (`#token=…`, which no server ever sees) is kept for this tab, and leaves the address. */
function takeFromAddress(): void {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) {
    sessionStorage.setItem(KEY, token);
    history.replaceState(null, '', location.pathname + location.search);
  }
}

/**
 * Subprotocols to offer: the token among them, where the page has one, since a page can send no header.
 * Source: `TOKEN_PROTOCOL` of `access.ts`.
 */
export function protocols(): string[] {
  takeFromAddress();
  const token = sessionStorage.getItem(KEY);
  if (token === null) {
    return [];
  }
  const encoded = btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  return ['pix2seq-stream.v1.json', `pix2seq-stream.token.${encoded}`];
}
