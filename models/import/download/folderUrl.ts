import { expectAddress } from '../../core/address.ts';
import { maskAddress } from '../../core/secrets.ts';

const BUCKETS = 'https://storage.googleapis.com/';
/**
 * What stands before a bucket's name in addresses that are meant for programs and for people; of these, what follows.
 */
const BUCKET = /^(?:gs:\/\/|https:\/\/console\.cloud\.google\.com\/storage\/browser\/)(?=[^/])/;
const OF_PAGE = /[;?].*$/;

/**
 * Turns a folder's address into the one that its files are read from.
 * @param url `gs://bucket/path`, `https://…` or `http://…`, or Google's page of a bucket's folder, as the README of the
 * reference links it   @returns without a slash at the end
 * @throws RangeError for another kind of address, TypeError where its password holds a raw `/`, `?` or `#`
 */
export function folderUrl(url: string): string {
  expectAddress(url);
  const path = BUCKET.test(url) ? url.replace(BUCKET, BUCKETS).replace(OF_PAGE, '') : url;
  const address = path.replace(/\/+$/, '');
  if (!/^https?:\/\/[^?#]+$/.test(address) || !URL.canParse(address)) {
    throw new RangeError(
      `Expected an address gs://…, https://… or http://…, without ? and #, got \`${maskAddress(url)}\``,
    );
  }
  return address;
}
