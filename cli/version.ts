/** The version of the package; a test holds it to package.json. In the code, because a single executable has no files. */
export const VERSION = '0.1.0';
