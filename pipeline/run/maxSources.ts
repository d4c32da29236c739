/** Sources there may be at a time, where nobody says otherwise. */
export const MAX_SOURCES = 64;
