/** The door to the option tables of this floor, which cost nothing to load. */
export { DETECT_OPTIONS } from './detect/detectOptions.ts';
export { FROM_VIDEO_OPTIONS } from './sources/sourceOptions.ts';
