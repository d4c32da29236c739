import { element, setText } from './elements.ts';
import type { SourceInfo } from './protocol.ts';
import { authorization, readToken, storeToken } from './token.ts';

/**
 * Asks the server for its sources, with the page's token.
 * @returns its sources; `refused` where it wants another token, `forbidden` where it takes no page from here;
 *   undefined where it cannot be reached or does not say
 */
export async function fetchSources(): Promise<
  readonly SourceInfo[] | 'refused' | 'forbidden' | undefined
> {
  try {
    const response = await fetch('./v1/sources', { headers: authorization() });
    if (response.status === 401) {
      return 'refused';
    }
    if (response.status === 403) {
      return 'forbidden';
    }
    return response.ok ? ((await response.json()) as readonly SourceInfo[]) : undefined;
  } catch {
    return undefined; // the sockets say that there is no connection
  }
}

/** Shows the form until there is a token that the server takes. It is kept for this tab. */
export async function askForToken(): Promise<void> {
  const dialog = element('token-dialog', HTMLDialogElement);
  const form = element('token-form', HTMLFormElement);
  const field = element('token', HTMLInputElement);
  const fault = element('token-fault', HTMLElement);
  if (dialog.open) {
    return;
  }
  setText(fault, readToken() === null ? '' : 'The server does not take this token.');
  dialog.addEventListener('cancel', preventDefault); // there is nothing to see without one
  dialog.showModal();
  await new Promise<void>((resolve) => {
    form.addEventListener('submit', function submit(event) {
      event.preventDefault();
      void (async () => {
        storeToken(field.value.trim());
        if ((await fetchSources()) === 'refused') {
          setText(fault, 'The server does not take this token.');
          field.select();
          return;
        }
        form.removeEventListener('submit', submit);
        field.value = '';
        dialog.close();
        resolve();
      })();
    });
  });
}

function preventDefault(event: Event): void {
  event.preventDefault();
}
