/**
 * Who adds and removes sources for the requests that ask for it; what a source is, only it knows.
 * Errors are answered to the asker: TypeError and RangeError as 400, any other as 503.
 */
export interface SourceManager {
  /**
   * @param source the body of the request, a JSON object that nobody has looked at
   * @throws TypeError, RangeError where it describes no source
   */
  add(source: object): void;
  /** @throws RangeError where there is no such source; the same for the others */
  remove(name: string): void;
  pause(name: string): void;
  resume(name: string): void;
}
